import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import { isLoopback, isTrustedPath } from "../../../src/transport/trusted-path.ts";

const PIN = "sha256/…";

describe("a path", () => {
  for (const [url, pins, verify, isTrusted] of [
    ["wss://h/", [], true, true],
    ["wss://h/", [], false, false],
    ["wss://h/", [PIN], false, true],
    ["wss://127.0.0.1/", [], false, false],
    ["ws://127.0.0.1/", [], true, true],
    ["ws://[::1]/", [], false, true],
    ["ws://localhost/", [], true, true],
    ["ws://h/", [], true, false],
    ["ws://192.0.2.1/", [PIN], true, false],
    ["ws://localhost.example/", [], true, false],
  ] as const) {
    test(`${url} ${verify ? "" : "--no-verify "}${pins.join()} is ${isTrusted ? "" : "not "}trusted`, () => {
      assert.equal(isTrustedPath(parseServerUrl(url), { pins, verify }), isTrusted);
    });
  }

  test("stays on this machine if its host says so", () => {
    assert.deepEqual(
      ["wss://127.0.0.1/", "ws://h/"].map((url) => isLoopback(parseServerUrl(url))),
      [true, false],
    );
  });
});
