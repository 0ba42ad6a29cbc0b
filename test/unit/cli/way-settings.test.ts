import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { findProxy } from "../../../src/cli/find-proxy.ts";
import { loadWay, WAY_SETTINGS_DEFAULTS, type WaySettings } from "../../../src/cli/way-settings.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import type { WayOut } from "../../../src/transport/way-out.ts";
import { assertConfigFault } from "./config-fault.ts";

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-way-"));
});
after(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const load = (more: Partial<WaySettings>): WayOut => loadWay({ ...WAY_SETTINGS_DEFAULTS, ...more }, {});

function failsWith(code: string, more: Partial<WaySettings>, message: RegExp): void {
  assertConfigFault(() => load(more), code, message);
}

describe("the proxy", () => {
  /** What is chosen for wss and for ws. */
  const chosen = (environment: NodeJS.ProcessEnv, proxy?: string, host = "vpn.example"): (string | undefined)[] => {
    const proxyFor = findProxy({ proxy, proxyAuthFile: undefined }, environment);
    return [`wss://${host}/`, `ws://${host}/`].map((url) => proxyFor(parseServerUrl(url))?.display);
  };
  const [A, B, C] = ["http://a:1", "http://b:2", "socks5h://c:3"] as const;

  test("is none if nobody names one", () => {
    assert.deepEqual(chosen({}), [undefined, undefined]);
  });

  test("is the one of the environment for the kind of URL, in lower case before capitals", () => {
    assert.deepEqual(chosen({ HTTPS_PROXY: A, http_proxy: B }), [A, B]);
    assert.deepEqual(chosen({ https_proxy: A, HTTPS_PROXY: B, HTTP_PROXY: C }), [A, C]);
    assert.deepEqual(chosen({ ALL_PROXY: C }), [C, C]);
    assert.deepEqual(chosen({ all_proxy: A, ALL_PROXY: C, https_proxy: B }), [B, A]);
  });

  test("is none if the environment's is empty", () => {
    assert.deepEqual(chosen({ https_proxy: "", HTTPS_PROXY: A, ALL_PROXY: B }), [undefined, B]);
  });

  test("is the one given before that of the environment, or none", () => {
    assert.deepEqual(chosen({ HTTPS_PROXY: A, ALL_PROXY: C }, B), [B, B]);
    assert.deepEqual(chosen({ HTTPS_PROXY: A, ALL_PROXY: C }, "none"), [undefined, undefined]);
  });

  test("is not asked for the hosts of NO_PROXY, whoever names it", () => {
    assert.deepEqual(chosen({ NO_PROXY: "example" }, A), [undefined, undefined]);
    assert.deepEqual(chosen({ no_proxy: "other", NO_PROXY: "example" }, A), [A, A]);
    assert.deepEqual(chosen({ NO_PROXY: "vpn.example:443", ALL_PROXY: A }), [undefined, A]);
    assert.deepEqual(chosen({ NO_PROXY: "*", ALL_PROXY: A }), [undefined, undefined]);
    assert.deepEqual(chosen({ NO_PROXY: "10.0.0.0/8", ALL_PROXY: A }, undefined, "10.1.2.3"), [undefined, undefined]);
  });

  test("is never asked for a server on this machine that is trusted because it is there", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]"])
      assert.deepEqual(chosen({ ALL_PROXY: C }, A, host), [A, undefined]);
  });

  test("is the same object at each attempt, because its login remembers what was asked", () => {
    const proxyFor = findProxy({ proxy: "http://u:p@a", proxyAuthFile: undefined }, {});
    const url = parseServerUrl("ws://vpn.example/");
    assert.equal(proxyFor(url), proxyFor(url));
  });

  test("has its user and password from a file, if one is given", () => {
    const proxyAuthFile = file("login", "ada:let: me\n");
    for (const settings of [
      { proxy: "http://old:s3cret@a", proxyAuthFile },
      { proxy: undefined, proxyAuthFile },
    ]) {
      const proxy = findProxy(settings, { ALL_PROXY: C })(parseServerUrl("ws://vpn.example/"));
      assert.deepEqual(proxy?.login?.userAndPassword, ["ada", "let: me"]);
    }
    failsWith("CREDENTIALS_INVALID", { proxy: A, proxyAuthFile: file("bad", "s3cret\n") }, /user:password/);
    failsWith("FILE_UNREADABLE", { proxy: A, proxyAuthFile: join(directory, "none") }, /--proxy-auth-file/);
  });

  test("that cannot be read is told with the place that names it", () => {
    failsWith("PROXY_URL_INVALID", { proxy: "gopher://u:s3cret@a" }, /--proxy/);
    assert.throws(
      () => findProxy({ proxy: undefined, proxyAuthFile: undefined }, { https_proxy: "http://" }),
      /https_proxy/,
    );
  });
});

describe("the way out", () => {
  test("is straight if nothing is said", () => {
    const way = load({});
    const url = parseServerUrl("wss://vpn.example/");
    assert.deepEqual([way.proxyFor(url), way.resolve.size, way.makeSocket], [undefined, 0, undefined]);
    assert.deepEqual(
      [way.headers, way.hostHeader, way.serverName, way.sourceAddress],
      [[], undefined, undefined, undefined],
    );
  });

  test("has headers of the command line and of a file", () => {
    const headerFile = file("headers", "X-Key:  s3cret \r\n\nX-Empty:\n");
    const { headers } = load({ headers: ["X-Door: front"], headerFile });
    assert.deepEqual(headers, [
      ["X-Door", "front"],
      ["X-Key", "s3cret"],
      ["X-Empty", ""],
    ]);
  });

  test("takes no header that is none, or that the request has already", () => {
    for (const line of ["s3cret", "a b: s3cret", ": s3cret", "X: s3cret\r\nY: z", "X: s3cr\u00e9t-s3cret"]) {
      failsWith("HEADER_INVALID", { headers: [line] }, /--header/);
    }
    failsWith("HEADER_INVALID", { headerFile: file("bad", "X-Good: 1\ns3cret\n") }, /bad holds no header/);
    for (const name of ["Host", "Upgrade", "connection", "Sec-WebSocket-Key", "X-vpn-ws-MAC", "Content-Length"]) {
      failsWith("HEADER_INVALID", { headers: [`${name}: s3cret`] }, /cannot set the header|--host/);
    }
  });

  test("has addresses in the place of DNS, by name and port", () => {
    const { resolve } = load({
      resolve: ["VPN.example:443:192.0.2.7,2001:db8::7", "[::1]:80:[::2]", "*:8443:192.0.2.8", "*:8443:192.0.2.9"],
    });
    assert.deepEqual(
      [...resolve],
      [
        ["vpn.example:443", ["192.0.2.7", "2001:db8::7"]],
        ["::1:80", ["::2"]],
        ["*:8443", ["192.0.2.9"]],
      ],
    );
    for (const entry of [
      "",
      "a:443",
      "a:443:b",
      "a:99999:192.0.2.1",
      "a:443:192.0.2.1,",
      ":443:192.0.2.1",
      "a b:1:::1",
    ]) {
      failsWith("RESOLVE_INVALID", { resolve: [entry] }, /host:port:address/);
    }
  });

  test("has names, an address and an interface that could be such", () => {
    const way = load({ host: "front.example:8443", sni: "vpn.example", source: "192.0.2.1", interfaceName: "eth0" });
    assert.deepEqual(
      [way.hostHeader, way.serverName, way.sourceAddress],
      ["front.example:8443", "vpn.example", "192.0.2.1"],
    );
    assert.equal(typeof way.makeSocket, "function");
    failsWith("WAY_INVALID", { host: "a b" }, /--host/);
    failsWith("WAY_INVALID", { sni: "192.0.2.1" }, /--sni/);
    failsWith("WAY_INVALID", { source: "here" }, /--source/);
    failsWith("WAY_INVALID", { interfaceName: "a-name-of-16-byte" }, /--interface/);
    failsWith("WAY_INVALID", { interfaceName: "a/b" }, /--interface/);
  });

  test("checks those who sign for the proxy at the start", () => {
    failsWith("TLS_FILES_INVALID", { proxyCa: file("ca", "no PEM") }, /must be PEM/);
    failsWith("FILE_UNREADABLE", { proxyCa: join(directory, "none") }, /--proxy-ca/);
  });
});
