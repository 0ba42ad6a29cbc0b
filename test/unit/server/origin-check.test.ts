import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isOriginAllowed, mayPageJoinOpenly } from "../../../src/server/origin-check.ts";

describe("the origin of a page", () => {
  const cases: readonly [what: string, origin: string | undefined, host: string | undefined, allowed: boolean][] = [
    ["a program, which sends none", undefined, "vpn.example.com", true],
    ["a page of the same host", "https://vpn.example.com", "vpn.example.com", true],
    ["a page of the same host in other letters", "https://VPN.example.com", "vpn.Example.com", true],
    ["a page of the same host and port", "http://localhost:8080", "localhost:8080", true],
    ["a page of another port", "http://localhost:9090", "localhost:8080", false],
    ["a page of another host", "https://evil.example", "vpn.example.com", false],
    ["a host that only begins like ours", "https://vpn.example.com.evil.example", "vpn.example.com", false],
    ["a sandboxed page", "null", "vpn.example.com", false],
    ["a file", "file://", "", false],
    ["an extension", "chrome-extension://abc", "abc", false],
    ["a request without a host", "https://vpn.example.com", undefined, false],
    ["a page that is listed", "https://emulator.example", "vpn.example.com", true],
    ["a page that is listed but for its scheme", "http://emulator.example", "vpn.example.com", false],
  ];
  for (const [what, origin, host, allowed] of cases) {
    test(`${what} ${allowed ? "may" : "may not"} connect`, () => {
      assert.equal(isOriginAllowed(origin, host, ["https://emulator.example"]), allowed);
    });
  }

  test("a star lists every page", () => {
    assert.equal(isOriginAllowed("https://evil.example", "vpn.example.com", ["*"]), true);
  });

  const openly: readonly [what: string, origin: string | undefined, host: string, allowed: boolean][] = [
    ["a program", undefined, "evil.example:8080", true],
    ["a page whose own name leads to us", "http://evil.example:8080", "evil.example:8080", false],
    ["a page that ends like localhost", "http://evil.localhost", "evil.localhost", false],
    ["a page of localhost", "http://localhost:8080", "localhost:8080", true],
    ["a page of an IPv4 address", "http://127.0.0.1:8080", "127.0.0.1:8080", true],
    ["a page of an IPv6 address", "http://[::1]:8080", "[::1]:8080", true],
    ["a page that is listed", "https://emulator.example", "vpn.example.com", true],
  ];
  for (const [what, origin, host, allowed] of openly) {
    test(`${what} ${allowed ? "may" : "may not"} join without credentials`, () => {
      assert.equal(mayPageJoinOpenly(origin, host, ["https://emulator.example"]), allowed);
    });
  }
});
