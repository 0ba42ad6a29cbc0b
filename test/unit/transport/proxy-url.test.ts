import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../../../src/base/errors.ts";
import { parseNoProxy } from "../../../src/transport/no-proxy.ts";
import { ProxyLogin } from "../../../src/transport/proxy-login.ts";
import { parseProxyUrl } from "../../../src/transport/proxy-url.ts";

describe("a proxy's URL", () => {
  test("is read with its kind, its host and its port, or the port of its kind", () => {
    const table = [
      ["http://proxy.example:3128", "http", "proxy.example", 3128],
      ["http://proxy.example:80/", "http", "proxy.example", 80],
      ["proxy.example:8080", "http", "proxy.example", 8080],
      ["proxy.example", "http", "proxy.example", 1080],
      ["HTTPS://Proxy.Example", "https", "proxy.example", 443],
      ["https://proxy.example:80", "https", "proxy.example", 80],
      ["socks5://127.0.0.1", "socks5", "127.0.0.1", 1080],
      ["socks5h://[::1]:9050", "socks5h", "::1", 9050],
      ["[2001:db8::1]:3128", "http", "2001:db8::1", 3128],
    ] as const;
    for (const [text, kind, host, port] of table) {
      const proxy = parseProxyUrl(text, "--proxy");
      assert.deepEqual([proxy.kind, proxy.host, proxy.port, proxy.login], [kind, host, port, undefined], text);
    }
  });

  test("may hold user and password, percent-encoded, which are not shown", () => {
    const proxy = parseProxyUrl("http://ada:let%20%40ter@proxy.example:3128", "--proxy");
    assert.deepEqual(proxy.login?.userAndPassword, ["ada", "let @ter"]);
    assert.equal(proxy.display, "http://proxy.example:3128");
    const other = parseProxyUrl("http://ada:old@proxy.example", "--proxy", ProxyLogin.parse("bob:new:er"));
    assert.deepEqual(other.login?.userAndPassword, ["bob", "new:er"]);
    assert.deepEqual(ProxyLogin.parse("bob").userAndPassword, ["bob", ""]);
  });

  test("that is none is refused without a word of what it holds", () => {
    for (const text of [
      "",
      "http://",
      "ftp://s3cret@host",
      "socks4://u:s3cret@host",
      "http://u:s3cret@",
      "http://u:s3cret@host:99999",
      "http://u:s3cret@host/path",
      "http://u:s3cret@host?query",
      "http://u%:s3cret%zz@host",
      "http://u:s3 cret@ho st",
    ]) {
      assert.throws(
        () => parseProxyUrl(text, "HTTPS_PROXY"),
        (error) => {
          assert.ok(error instanceof ConfigError, text);
          assert.match(error.message, /HTTPS_PROXY/);
          assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack}`, /s3/);
          return true;
        },
      );
    }
  });

  test("never makes the parser fail in another way", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        try {
          parseProxyUrl(text, "x");
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
        }
      }),
    );
  });
});

describe("NO_PROXY", () => {
  const rows = [
    // As curl's own tests have them.
    ["*", "anything.example", true],
    ["*, other", "anything.example", false],
    ["", "www.example.com", false],
    ["example.com", "example.com", true],
    ["example.com", "EXAMPLE.com", true],
    ["example.com", "www.example.com", true],
    ["example.com", "nonexample.com", false],
    ["example.com", "example.com.", true],
    ["example.com.", "www.example.com", true],
    [".example.com", "www.example.com", true],
    [".example.com", "example.com", true],
    ["www.example.com", "example.com", false],
    ["other,example.com", "www.example.com", true],
    ["other example.com", "www.example.com", true],
    [" other ,, example.com ", "www.example.com", true],
    ["192.168.0.1", "192.168.0.1", true],
    ["192.168.0.1", "192.168.0.10", false],
    ["0.1", "192.168.0.1", false],
    ["192.168.0.0/16", "192.168.7.7", true],
    ["192.168.0.0/16", "192.169.0.1", false],
    ["10.0.0.0/8", "www.10.0.0.1.example", false],
    ["2001:db8::/32", "2001:db8::7", true],
    ["[2001:db8::7]", "2001:db8::7", true],
    ["2001:db8::7", "2001:db9::7", false],
    ["example.com:443", "www.example.com", true],
    ["example.com:8443", "www.example.com", false],
    ["192.168.0.1:443", "192.168.0.1", true],
    ["[2001:db8::7]:443", "2001:db8::7", true],
    ["[2001:db8::7]:80", "2001:db8::7", false],
    ["10.0.0.0/8:443", "10.1.2.3", true],
    ["localhost", "localhost", true],
    [".", "www.example.com", false],
    [":443", "www.example.com", false],
  ] as const;
  for (const [list, host, isStraight] of rows) {
    test(`"${list}" ${isStraight ? "has" : "has not"} ${host}:443`, () => {
      assert.equal(parseNoProxy(list)(host, 443), isStraight);
    });
  }
});
