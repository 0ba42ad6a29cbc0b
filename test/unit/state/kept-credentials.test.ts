import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { inviteHash, KeptCredentials, type KeptServer } from "../../../src/state/kept-credentials.ts";
import { StateDirectory } from "../../../src/state/state-directory.ts";

describe("kept credentials", () => {
  let path: string;
  let credentials: KeptCredentials;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "vpn-ws-kept-"));
    credentials = new KeptCredentials(StateDirectory.open(path));
  });
  afterEach(() => rmSync(path, { recursive: true }));

  const server = (more: Partial<KeptServer> = {}): KeptServer => ({
    url: "wss://h/",
    pins: [],
    invite: inviteHash("wss://h/", [], "t"),
    token: "s3cret",
    user: "alice",
    ...more,
  });

  test("are one for each URL and set of pins, whatever their order", async () => {
    await credentials.keep(server({ pins: ["a", "b"], token: "1" }));
    await credentials.keep(server({ pins: ["b", "a"], token: "2", expiresMs: 5 }));
    await credentials.keep(server({ pins: ["a"], token: "3" }));
    await credentials.keep(server({ url: "wss://h/x", token: "4" }));
    assert.deepEqual(
      credentials.list().map(({ token, expiresMs }) => [token, expiresMs]),
      [
        ["2", 5],
        ["3", undefined],
        ["4", undefined],
      ],
    );
  });

  test("of servers that are joined at once are all kept, and nothing is left over", async () => {
    const urls = Array.from({ length: 8 }, (_, i) => `wss://h${i}/`);
    await Promise.all(urls.map((url) => new KeptCredentials(StateDirectory.open(path)).keep(server({ url }))));
    const kept = credentials.list().map(({ url }) => url);
    assert.deepEqual(kept.sort(), urls);
    assert.deepEqual(readdirSync(path), ["credentials.json"]);
  });

  test("that could not be read again are refused, and the others stay", async () => {
    await credentials.keep(server());
    for (const wrong of [{ url: `wss://h/${"x".repeat(5000)}` }, { token: "" }, { invite: "none" }]) {
      await assert.rejects(credentials.keep(server(wrong)), { code: "CREDENTIAL_UNFIT" });
    }
    assert.equal(credentials.list().length, 1);
  });

  test("are no more than 256: the first is forgotten", async () => {
    for (let i = 0; i < 258; i++) await credentials.keep(server({ url: `wss://h${i}/` }));
    const kept = credentials.list();
    assert.deepEqual([kept.length, kept[0]?.url, kept.at(-1)?.url], [256, "wss://h2/", "wss://h257/"]);
  });

  test("an invite is known by its whole content", () => {
    const hashes = [
      inviteHash("wss://h/", ["a"], "t"),
      inviteHash("wss://h/", ["b"], "t"),
      inviteHash("wss://h/x", ["a"], "t"),
      inviteHash("wss://h/", ["a"], "u"),
      inviteHash("wss://h/", [], "at"),
    ];
    assert.equal(new Set(hashes).size, hashes.length);
  });
});
