import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import {
  formatListenAddress,
  isLocalOnly,
  parseLegacyAddress,
  parseListenAddress,
} from "../../../src/transport/listen-address.ts";
import { detectProtocol } from "../../../src/transport/protocol.ts";
import { parseServerUrl, serverName } from "../../../src/transport/server-url.ts";

/** The ConfigError that a call throws. */
function errorOf(call: () => unknown): ConfigError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  return assert.fail("nothing was thrown");
}

describe("listen address", () => {
  const good = [
    ["http://127.0.0.1:8080", { kind: "http", host: "127.0.0.1", port: 8080 }, "http://127.0.0.1:8080"],
    ["http://127.0.0.1", { kind: "http", host: "127.0.0.1", port: 80 }, "http://127.0.0.1:80"],
    ["https://[::]:443/", { kind: "https", host: "::", port: 443 }, "https://[::]:443"],
    ["https://vpn.example", { kind: "https", host: "vpn.example", port: 443 }, "https://vpn.example:443"],
    ["tcp://:3031", { kind: "tcp", host: "", port: 3031 }, "tcp://*:3031"],
    ["tcp://localhost:0", { kind: "tcp", host: "localhost", port: 0 }, "tcp://localhost:0"],
    ["unix:/run/vpn.sock", { kind: "unix", path: "/run/vpn.sock" }, "unix:/run/vpn.sock"],
    ["unix:relative:odd", { kind: "unix", path: "relative:odd" }, "unix:relative:odd"],
  ] as const;
  for (const [text, address, formatted] of good) {
    test(`${text} is understood and can be shown`, () => {
      assert.deepEqual(parseListenAddress(text), address);
      assert.equal(formatListenAddress(address), formatted);
      if (address.kind !== "unix") assert.match(formatListenAddress(address, 7), /:7$/);
    });
  }

  const bad = [
    ["", "LISTEN_ADDRESS_INVALID"],
    ["8080", "LISTEN_ADDRESS_INVALID"],
    ["127.0.0.1:8080", "LISTEN_ADDRESS_INVALID"],
    ["ws://127.0.0.1:80", "LISTEN_ADDRESS_INVALID"],
    ["http://::1:80", "LISTEN_ADDRESS_INVALID"],
    ["http://a:80/path", "LISTEN_ADDRESS_INVALID"],
    ["http://a:123456", "LISTEN_ADDRESS_INVALID"],
    ["http://a:-1", "LISTEN_ADDRESS_INVALID"],
    ["http://a:65536", "LISTEN_PORT_INVALID"],
    ["tcp://a", "LISTEN_PORT_INVALID"],
    ["unix:", "LISTEN_PATH_INVALID"],
    [`unix:/${"x".repeat(107)}`, "LISTEN_PATH_INVALID"],
    [`unix:/${"ü".repeat(54)}`, "LISTEN_PATH_INVALID"],
  ] as const;
  for (const [text, code] of bad) {
    test(`"${text.slice(0, 24)}" is refused with examples of what works`, () => {
      const error = errorOf(() => parseListenAddress(text));
      assert.equal(error.code, code);
      assert.ok(error.message.includes(text.replace(/^unix:/, "")));
      assert.match(error.hint ?? "", /Examples: http:/);
    });
  }

  test("a unix path may have as many bytes as the kernel takes", () => {
    assert.deepEqual(parseListenAddress(`unix:${"x".repeat(107)}`), { kind: "unix", path: "x".repeat(107) });
  });

  test("the original's ADDRESS is a path, or host and port as for tcp", () => {
    assert.deepEqual(parseLegacyAddress("/tmp/vpn.sock"), { kind: "unix", path: "/tmp/vpn.sock" });
    assert.deepEqual(parseLegacyAddress("vpn.sock"), { kind: "unix", path: "vpn.sock" });
    assert.deepEqual(parseLegacyAddress("127.0.0.1:9000"), { kind: "tcp", host: "127.0.0.1", port: 9000 });
    assert.deepEqual(parseLegacyAddress(":9000"), { kind: "tcp", host: "", port: 9000 });
    assert.deepEqual(parseLegacyAddress("[::1]:9000"), { kind: "tcp", host: "::1", port: 9000 });
    for (const text of ["", "127.0.0.1:", "a:b", ":99999"])
      assert.throws(() => parseLegacyAddress(text), ConfigError, text);
  });

  const reach = [
    ["unix:/run/x", true],
    ["tcp://127.0.0.1:1", true],
    ["tcp://127.255.1.2:1", true],
    ["tcp://[::1]:1", true],
    ["tcp://[::ffff:127.0.0.1]:1", true],
    ["tcp://localhost:1", true],
    ["tcp://0.0.0.0:1", false],
    ["tcp://[::]:1", false],
    ["tcp://:1", false],
    ["tcp://10.0.0.1:1", false],
    ["tcp://128.0.0.1:1", false],
    ["tcp://126.255.255.255:1", false],
    ["tcp://[::ffff:10.0.0.1]:1", false],
    ["tcp://[fe80::1]:1", false],
    ["tcp://[fd00::1]:1", false],
    ["tcp://vpn.example:1", false],
    ["tcp://localhost.example:1", false],
    ["tcp://127.0.0.1.example:1", false],
    ["tcp://127.1:1", false],
    ["http://127.0.0.1:1", true],
    ["https://0.0.0.0:1", false],
  ] as const;
  for (const [text, isLocal] of reach) {
    test(`${text} is reached by ${isLocal ? "this machine only" : "others, as far as we can tell"}`, () => {
      assert.equal(isLocalOnly(parseListenAddress(text)), isLocal);
    });
  }
});

describe("server URL", () => {
  test("host, port, path and what goes into the Host header", () => {
    const plain = {
      isSecure: false,
      host: "vpn.example",
      port: 80,
      path: "/",
      hostHeader: "vpn.example",
      credentials: undefined,
      display: "ws://vpn.example/",
    };
    assert.deepEqual(parseServerUrl("ws://vpn.example"), plain);
    assert.deepEqual(parseServerUrl("WS://VPN.example:80/"), plain);
    assert.deepEqual(parseServerUrl("wss://[2001:db8::1]:8443/a/b?c=d#e"), {
      isSecure: true,
      host: "2001:db8::1",
      port: 8443,
      path: "/a/b?c=d",
      hostHeader: "[2001:db8::1]:8443",
      credentials: undefined,
      display: "wss://[2001:db8::1]:8443/a/b?…",
    });
    assert.equal(parseServerUrl("wss://vpn.example/vpn").port, 443);
  });

  test("user and password are decoded, and shown nowhere else", () => {
    const url = parseServerUrl("wss://al%40ice:s%3Acr%25t@vpn.example/vpn");
    assert.equal(url.credentials, "al@ice:s:cr%t");
    assert.equal(parseServerUrl("ws://alice@h/").credentials, "alice:");
    const { credentials: _, ...rest } = url;
    assert.doesNotMatch(JSON.stringify(rest), /al%40ice|al@ice|s%3Acr|s:cr/);
  });

  const bad = [
    "",
    "vpn.example",
    "http://vpn.example/",
    "ws://",
    "ws://host:99999/",
    "wss://alice:s3cret@host:99999/",
    "https://alice:s3cret@host/",
    "wss://alice:s3@cret@ho st/",
    "alice:s3cret@host",
    "alice:s3cret@host/path@x",
    "wss:/alice:s3cret@host:99999/",
    "wss:\\\\alice:s3cret@host:99999",
    "wss://alice:s3\ncret@ho st/",
    "https://host/vpn?token=s3cret",
    "wss://ho st/#s3cret",
    "vpn-ws://host/s3cret",
    " VPN-WS:s3cret",
    "s3cret",
    "s3cret/vpn",
    "eyJhbGciOiJFUzI1NiJ9s3cret.eyJzdWIiOiJhZGEifQ.MEUCIQDs3cret",
    "vpn.example:443/s3cret",
  ];
  for (const text of bad) {
    test(`${JSON.stringify(text)} is refused, without its password`, () => {
      const error = errorOf(() => parseServerUrl(text));
      assert.equal(error.code, "SERVER_URL_INVALID");
      assert.match(error.hint ?? "", /wss:/);
      assert.doesNotMatch(`${error.message}${error.hint}${error.stack}`, /s3|cret/);
    });
  }

  test("a host without its scheme is named", () => {
    assert.match(errorOf(() => parseServerUrl("vpn.example:443")).message, /^"vpn\.example:443" is no/);
  });

  test("a % in a password that begins no escape is named without repeating it", () => {
    const error = errorOf(() => parseServerUrl("wss://alice:s3%cret@host/"));
    assert.match(error.message, /%XX/);
    assert.doesNotMatch(`${error.message}${error.hint}${error.stack}${error.cause}`, /s3|cret/);
  });

  test("a name is sent as SNI, an address is not", () => {
    assert.equal(serverName(parseServerUrl("wss://vpn.example/")), "vpn.example");
    assert.equal(serverName(parseServerUrl("wss://192.0.2.1/")), undefined);
    assert.equal(serverName(parseServerUrl("wss://[2001:db8::1]/")), undefined);
  });
});

describe("protocol detection", () => {
  test("the first byte tells TLS, HTTP and uwsgi, and nothing else is any of them", () => {
    const spoken = Array.from({ length: 256 }, (_, byte) => detectProtocol(byte));
    const bytesOf = (name: string): string => spoken.flatMap((one, byte) => (one === name ? [byte] : [])).join(" ");
    assert.equal(bytesOf("tls"), "22");
    assert.equal(bytesOf("uwsgi"), "0 1");
    assert.equal(bytesOf("http"), Array.from({ length: 26 }, (_, i) => 65 + i).join(" "));
  });
});
