/** One suite for everything that keeps tokens: in memory, and in a file. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { hashToken } from "../../src/access/token.ts";
import type { NewToken, TokenStore } from "../../src/access/token-store.ts";
import { systemClock } from "../../src/base/clock.ts";
import { TokenFile } from "../../src/state/token-file.ts";
import { MemoryTokenStore } from "../memory-token-store.ts";

const START_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

const ANN: NewToken = {
  user: "ann",
  kind: "token",
  network: "lab",
  groups: ["staff"],
  expiresMs: START_MS + DAY_MS,
  usesLeft: undefined,
  invite: undefined,
};
const BOB: NewToken = { ...ANN, user: "bob", kind: "invite", network: undefined, expiresMs: undefined, usesLeft: 2 };

const directory = mkdtempSync(join(tmpdir(), "vpn-ws-token-store-"));
after(() => rmSync(directory, { recursive: true }));
let files = 0;

const stores: Record<string, (nowUnixMs: () => number) => TokenStore> = {
  MemoryTokenStore: (nowUnixMs) => new MemoryTokenStore(nowUnixMs),
  TokenFile: (nowUnixMs) => new TokenFile({ clock: systemClock, nowUnixMs }, join(directory, `${files++}.json`)),
};

for (const [name, makeStore] of Object.entries(stores)) {
  const make = () => {
    const time = { nowMs: START_MS };
    return { time, store: makeStore(() => time.nowMs) };
  };

  describe(name, () => {
    test("what is created is found by its secret's hash and by its id, with all that was asked for", async () => {
      const { store } = make();
      const { record, secret } = await store.create(ANN);
      const { id, hash, ...rest } = record;
      assert.match(secret, /^vpnws_[\w-]{43}$/);
      assert.match(id, /^[0-9a-f]{8}$/);
      assert.equal(hash, hashToken(secret));
      assert.deepEqual(rest, { ...ANN, createdMs: START_MS, revokedMs: undefined });
      assert.deepEqual(store.find(hash), record);
      assert.deepEqual(store.findById(id), record);
      assert.equal(store.find(hashToken(`${secret}x`)), undefined);
      assert.equal(store.findById("00000000"), undefined);
    });

    test("what a credential was given for is kept", async () => {
      const { store } = make();
      const { record: invite } = await store.create(BOB);
      const { record } = await store.create({ ...ANN, kind: "credential", invite: invite.id });
      assert.equal(store.list().find(({ id }) => id === record.id)?.invite, invite.id);
      assert.equal(await store.revoke({ id: record.id }), 2);
    });

    test("the list is in the order of creation", async () => {
      const { store } = make();
      assert.deepEqual(store.list(), []);
      const created = [await store.create(BOB), await store.create(ANN), await store.create(BOB)];
      assert.deepEqual(
        store.list(),
        created.map(({ record }) => record),
      );
    });

    test("uses are counted down and end, also when they are taken at once", async () => {
      const { store } = make();
      const { record } = await store.create(BOB);
      const taken = await Promise.all(Array.from({ length: 5 }, () => store.use(record.id)));
      assert.equal(taken.filter((isTaken) => isTaken).length, 2);
      assert.equal(store.findById(record.id)?.usesLeft, 0);
      assert.equal(store.find(record.hash)?.usesLeft, 0);
    });

    test("a token whose uses nobody counts is used as often as one likes, until it is over", async () => {
      const { store, time } = make();
      const { record } = await store.create(ANN);
      for (let i = 0; i < 3; i++) assert.ok(await store.use(record.id));
      time.nowMs += DAY_MS - 1;
      assert.ok(await store.use(record.id));
      time.nowMs++;
      assert.ok(!(await store.use(record.id)));
      assert.ok(!(await store.use("00000000")));
    });

    test("one token is revoked, or all of a user; those that were already are not counted", async () => {
      const { store, time } = make();
      const [one, two, three] = [await store.create(ANN), await store.create(ANN), await store.create(BOB)];
      time.nowMs++;
      assert.equal(await store.revoke({ id: one.record.id }), 1);
      assert.equal(store.findById(one.record.id)?.revokedMs, START_MS + 1);
      time.nowMs++;
      assert.equal(await store.revoke({ user: "ann" }), 1);
      assert.equal(await store.revoke({ user: "ann" }), 0);
      assert.equal(await store.revoke({ id: "ann" }), 0);
      const revoked = store.list().map(({ revokedMs }) => revokedMs);
      assert.deepEqual(revoked, [START_MS + 1, START_MS + 2, undefined]);
      assert.ok(!(await store.use(two.record.id)));
      assert.ok(await store.use(three.record.id));
    });
  });
}
