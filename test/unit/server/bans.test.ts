import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Bans, bannedAs, MAX_BANS } from "../../../src/server/bans.ts";
import type { Mac } from "../../../src/wire/mac.ts";

const A = "02:00:00:00:00:0a" as Mac;
const B = "02:00:00:00:00:0b" as Mac;
const ALICE = { user: "alice", method: "token" } as const;
const NOBODY = { user: "anonymous", method: "anonymous" } as const;

describe("bans", () => {
  let nowMs: number;
  let bans: Bans;
  beforeEach(() => {
    nowMs = 1_000_000;
    bans = new Bans({ nowUnixMs: () => nowMs });
  });

  test("keep a user out with any MAC, and nobody else", () => {
    bans.add({ kind: "user", user: "alice" }, 1_000, "why", "op");
    assert.equal(bans.find(ALICE, A)?.reason, "why");
    assert.equal(bans.find(ALICE, undefined)?.untilMs, 1_001_000);
    assert.equal(bans.find({ ...ALICE, user: "bob" }, A), undefined);
    assert.equal(bans.find(NOBODY, A), undefined);
  });

  test("keep who has no name out by its MAC, and a user with that MAC in", () => {
    bans.add({ kind: "mac", mac: A }, 1_000, "why", "op");
    assert.equal(bans.find(NOBODY, A)?.mac, A);
    assert.deepEqual(
      [bans.find(NOBODY, B), bans.find(NOBODY, undefined), bans.find(ALICE, A)],
      [undefined, undefined, undefined],
    );
    assert.equal(bans.find({ user: "anonymous", method: "token" }, A), undefined, "a user may be called that");
  });

  test("end by themselves, and are lifted by their id", () => {
    bans.add({ kind: "user", user: "alice" }, 1_000, "", "op");
    bans.add({ kind: "mac", mac: A }, 2_000, "", "op");
    nowMs += 1_000;
    assert.equal(bans.find(ALICE, A), undefined);
    assert.deepEqual(
      bans.all.map(({ id }) => id),
      ["2"],
    );
    assert.deepEqual([bans.remove("1"), bans.remove("2"), bans.remove("2")], [false, true, false]);
    assert.equal(bans.find(NOBODY, A), undefined);
  });

  test("are one for each: a new one replaces the one before, with an id of its own", () => {
    bans.add({ kind: "user", user: "alice" }, 9_000, "first", "op");
    bans.add({ kind: "user", user: "alice" }, 1_000, "second", "op");
    assert.deepEqual(
      bans.all.map(({ id, reason, untilMs }) => [id, reason, untilMs]),
      [["2", "second", 1_001_000]],
    );
  });

  test("are so many at most: one more is refused, none is forgotten before its time", () => {
    for (let count = 0; count < MAX_BANS; count++) bans.add({ kind: "user", user: `u${count}` }, 1_000, "", "op");
    assert.equal(bans.add({ kind: "user", user: "alice" }, 1_000, "", "op"), undefined);
    assert.ok(bans.find({ ...ALICE, user: "u0" }, A) !== undefined);
    assert.ok(bans.add({ kind: "user", user: "u1" }, 5_000, "", "op") !== undefined, "one that is there may change");
    nowMs += 1_000;
    assert.ok(bans.add({ kind: "user", user: "alice" }, 1_000, "", "op") !== undefined);
    assert.equal(bans.all.length, 2);
  });

  test("cannot be for who has neither a name nor a MAC", () => {
    assert.equal(bannedAs(NOBODY, undefined), undefined);
    assert.deepEqual(bannedAs(ALICE, undefined), { kind: "user", user: "alice" });
  });
});
