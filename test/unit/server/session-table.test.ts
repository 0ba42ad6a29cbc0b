import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { Grant } from "../../../src/access/grant.ts";
import type { Peer } from "../../../src/server/peer.ts";
import { SessionTable } from "../../../src/server/session-table.ts";
import { DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import type { Mac } from "../../../src/wire/mac.ts";

const peer = (id: number, isHeld = false, mac?: string): Peer =>
  ({ id, owner: "alice", session: { isHeld }, mac }) as Peer;
const grant = (sessions: number, yields: Grant["yields"]): Grant => ({
  network: "default",
  rules: DEFAULT_PORT_RULES,
  sessions,
  yields,
  expiresMs: undefined,
});

describe("session table", () => {
  const [one, two, three] = [peer(1), peer(2), peer(3)];
  let table: SessionTable;
  beforeEach(() => {
    table = new SessionTable();
    table.add("alice", one);
    table.add("alice", two);
    table.add("bob", three);
  });

  test("has room up to the limit, for each owner by itself", () => {
    assert.deepEqual(table.roomFor("alice", grant(3, "newest")), { state: "room", yielding: [] });
    assert.deepEqual(table.roomFor("alice", grant(2, "newest")), { state: "full" });
    assert.deepEqual(table.roomFor("bob", grant(2, "newest")), { state: "room", yielding: [] });
    assert.deepEqual(table.roomFor("carol", grant(1, "newest")), { state: "room", yielding: [] });
  });

  test("lets the oldest sessions yield, as many as are too many", () => {
    assert.deepEqual(table.roomFor("alice", grant(2, "oldest")), { state: "room", yielding: [one] });
    assert.deepEqual(table.roomFor("alice", grant(1, "oldest")), { state: "room", yielding: [one, two] });
  });

  test("takes a limit of none at its word", () => {
    assert.deepEqual(table.roomFor("carol", grant(0, "oldest")), { state: "full" });
  });

  test("finds the surplus when the limit becomes smaller", () => {
    assert.deepEqual(table.surplusOf("alice", grant(2, "oldest")), []);
    assert.deepEqual(table.surplusOf("alice", grant(1, "oldest")), [one]);
    assert.deepEqual(table.surplusOf("alice", grant(1, "newest")), [two]);
    assert.deepEqual(table.surplusOf("alice", grant(0, "newest")), [one, two]);
  });

  test("has room again when a session is over", () => {
    table.delete("alice", one);
    assert.deepEqual(table.roomFor("alice", grant(2, "newest")), { state: "room", yielding: [] });
    table.delete("alice", two);
    table.delete("alice", two);
    assert.deepEqual(table.roomFor("alice", grant(1, "newest")), { state: "room", yielding: [] });
  });

  test("lets one that only looks yield before any other, so that none makes way for it", () => {
    const guest = { ...peer(4), isGuest: true } as Peer;
    table.add("alice", guest);
    assert.deepEqual(table.roomFor("alice", grant(3, "oldest")), { state: "room", yielding: [guest] });
    assert.deepEqual(table.roomFor("alice", grant(3, "newest")), { state: "room", yielding: [guest] });
    assert.deepEqual(table.roomFor("alice", grant(2, "newest")), { state: "full" });
  });

  describe("with sessions that wait for their clients", () => {
    const MAC = "02:00:00:00:00:0a";
    const [held, open, other] = [peer(4, true, MAC), peer(5, false, MAC), peer(6, true, "02:00:00:00:00:0b")];
    beforeEach(() => {
      table = new SessionTable();
      for (const one of [open, held, other]) table.add("alice", one);
    });

    test("lets these yield before any other, whichever is to yield", () => {
      for (const yields of ["oldest", "newest"] as const) {
        assert.deepEqual(table.roomFor("alice", grant(3, yields)), { state: "room", yielding: [held] });
        assert.deepEqual(table.roomFor("alice", grant(2, yields)), { state: "room", yielding: [held, other] });
      }
      assert.deepEqual(table.roomFor("alice", grant(1, "newest")), { state: "full" });
      assert.deepEqual(table.roomFor("alice", grant(1, "oldest")), { state: "room", yielding: [held, other, open] });
    });

    test("finds those whose client has come again, by its MAC", () => {
      assert.deepEqual(table.heldWith("alice", MAC as Mac), [held]);
      assert.deepEqual(table.heldWith("alice", undefined), []);
      assert.deepEqual(table.heldWith("bob", MAC as Mac), []);
      assert.deepEqual(
        [held, open, other].map((one) => table.isSuperseded(one)),
        [true, false, false],
      );
    });
  });
});
