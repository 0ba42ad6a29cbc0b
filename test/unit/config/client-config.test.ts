import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigError } from "../../../src/base/errors.ts";
import type { ClientConfig } from "../../../src/config/client-schema.ts";
import { CLIENT_KEYS } from "../../../src/config/client-schema.ts";
import { describeClientConfig } from "../../../src/config/client-text.ts";
import { formatLines } from "../../../src/config/config-text.ts";
import { isClientConfigFile, loadClientConfig, parseClientConfig } from "../../../src/config/load-client-config.ts";

const EXAMPLES = join(import.meta.dirname, "../../../contrib/config");
const PIN = `sha256/${Buffer.alloc(32, 7).toString("base64")}`;

const parse = (text: string): ClientConfig => parseClientConfig(text, "/etc/vpn-ws/client.yaml");

/** The text is refused at this place, with these words, and nothing secret. */
function refused(text: string, place: string, words: RegExp): void {
  assert.throws(
    () => parse(text),
    (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      const line = error.message.split("\n").find((one) => one.startsWith(`client.yaml:${place}: `));
      assert.ok(line !== undefined, `nothing at ${place}: ${error.message}`);
      assert.match(line, words);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    },
  );
}

describe("client.yaml", () => {
  test("the example is valid, and so it is with all that is commented out in it", () => {
    const path = join(EXAMPLES, "client.yaml");
    const config = loadClientConfig(path);
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.servers));
    const whole = parse(readFileSync(path, "utf8").replace(/^( *)# (?=[a-z_]+: )/gm, "$1"));
    const shown = new Set(Object.keys(whole));
    const inPlaceOfOthers = ["token_file", "invite_file", "header_file"];
    assert.deepEqual(
      [...CLIENT_KEYS].filter((key) => !shown.has(key)),
      [...CLIENT_KEYS].filter((key) => inPlaceOfOthers.includes(key)),
    );
  });

  test("says nothing where the file says nothing", () => {
    assert.deepEqual(parse("{}"), {});
  });

  test("takes one for a list of one, a URL for a proxy, and paths from its folder", () => {
    const config = parse(`
servers: wss://vpn.example/
tls: { ca: ca.pem, pins: ${PIN} }
proxy: socks5h://ada:s3cret@127.0.0.1
resolve: vpn.example:443:192.0.2.7
headers: { X-Door: front, X-Number: 7 }
connections: 4`);
    assert.deepEqual(config, {
      servers: ["wss://vpn.example/"],
      tls: { ca: "/etc/vpn-ws/ca.pem", pins: [PIN] },
      proxy: { url: "socks5h://ada:s3cret@127.0.0.1" },
      resolve: ["vpn.example:443:192.0.2.7"],
      headers: ["X-Door: front", "X-Number: 7"],
      connections: 4,
    });
    assert.equal(parse("connections: auto").connections, "auto");
    assert.equal(parse("proxy: none").proxy?.url, "none");
  });

  test("is refused with line, column and what was probably meant", () => {
    refused("tap: vpn0\nserver: wss://a/", "2:1", /unknown key; did you mean servers\?/);
    refused("servers: [https://u:s3cret@a/]", "1:11", /no ws:\/\/ or wss:\/\/ URL/);
    refused("proxy: { url: 'gopher://u:s3cret@a' }", "1:15", /kind/);
    refused("tls: { pins: [sha256/abc] }", "1:15", /pin/);
    refused("tls: { certificate: a }", "1:6", /no key/);
    refused("connections: 9", "1:14", /./);
    refused("addresses: [10.9.0.2]", "1:13", /prefix length/);
    refused("headers: { Host: s3cret }", "1:18", /no header/);
    refused("resolve: [a:b]", "1:11", /host:port:address/);
    refused("source: here", "1:9", /no IP address/);
    refused("log: { level: loud }", "1:15", /no level/);
    refused("protocol: v3", "1:11", /no dialect/);
    refused("servers: [wss://a/]\ninvite_file: a", "1:10", /leave servers or invite_file away/);
    refused("auth_file: a\ntoken_file: b", "2:13", /one of them/);
    refused("tap: [", "1:7", /./);
  });

  test("is described without a secret", () => {
    const config = parse("servers: [wss://u:s3cret@a/?s3cret]\nproxy: http://u:s3cret@p:1\nheaders: {X: s3cret}");
    const text = formatLines(describeClientConfig(config));
    assert.match(text, /wss:\/\/a\/\?….*\n[\s\S]*http:\/\/p:1/);
    assert.doesNotMatch(text, /s3cret/);
  });

  describe("is told from a server's", () => {
    let directory: string;
    before(() => {
      directory = mkdtempSync(join(tmpdir(), "vpn-ws-client-config-"));
    });
    after(() => rmSync(directory, { recursive: true }));

    test("by its keys", () => {
      assert.equal(isClientConfigFile(join(EXAMPLES, "client.yaml")), true);
      assert.equal(isClientConfigFile(join(EXAMPLES, "server.yaml")), false);
      for (const [text, isClient] of [
        ["servers: [wss://a/]", true],
        ["listen: []\ntap: vpn0", false],
        ["{}", false],
        ["[]", false],
      ] as const) {
        const path = join(directory, "file.yaml");
        writeFileSync(path, text);
        assert.equal(isClientConfigFile(path), isClient, text);
      }
    });
  });
});
