import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { Login } from "../../../src/access/session-store.ts";
import { OperatorSessions } from "../../../src/api/operator-sessions.ts";
import { HandClock } from "../../hand-clock.ts";
import { MemorySessionStore } from "../../memory-session-store.ts";

const MINUTE_MS = 60_000;
const LOGIN: Login = { kind: "local", uid: 0 };
const SOME_DAY_MS = 1_900_000_000_000;

describe("logins of operators", () => {
  let store: MemorySessionStore;
  let clock: HandClock;
  /** Of the wall, when the clock of the process began. */
  let bootMs: number;
  let sessions: OperatorSessions;
  beforeEach(() => {
    store = new MemorySessionStore();
    bootMs = SOME_DAY_MS;
    start();
  });

  function start(): void {
    const own = new HandClock(1234.567);
    clock = own;
    const boot = bootMs;
    sessions = new OperatorSessions({ clock, nowUnixMs: () => Math.floor(boot + own.nowMs()), store });
  }

  /** Killed, and started again after a while: the clock of the process begins anew, the wall's goes on. */
  function startAgain(awayMs = 0): void {
    bootMs += clock.nowMs() - 1234.567 + awayMs;
    start();
  }

  const begin = (secret: string, lifeMs = 480 * MINUTE_MS): Promise<void> => sessions.begin(secret, LOGIN, lifeMs);
  const isIn = (secret: string): boolean => sessions.find(secret) !== undefined;

  test("outlive the process, and no secret is kept", async () => {
    await begin("s3cret");
    startAgain(MINUTE_MS);
    assert.deepEqual(sessions.find("s3cret")?.login, LOGIN);
    assert.ok(!isIn("another"));
    assert.ok(!isIn(store.load()[0]?.hash ?? ""), "its hash is none");
    assert.doesNotMatch(JSON.stringify(store.load()), /s3cret/);
  });

  test("that were ended stay ended", async () => {
    await begin("a");
    await begin("b");
    await sessions.end("a");
    startAgain();
    assert.deepEqual([isIn("a"), isIn("b")], [false, true]);
  });

  test("end when they would have, had the server not been started again", async () => {
    await begin("a", 20 * MINUTE_MS);
    startAgain(10 * MINUTE_MS);
    assert.ok(isIn("a"));
    clock.advance(10 * MINUTE_MS - 1_000);
    assert.ok(isIn("a"));
    clock.advance(1_001);
    assert.ok(!isIn("a"));
    startAgain();
    assert.ok(!isIn("a"));
  });

  test("are idle while the server is away", async () => {
    await begin("a");
    await begin("b");
    clock.advance(20 * MINUTE_MS);
    assert.ok(isIn("b"));
    await sessions.close();
    startAgain(10 * MINUTE_MS);
    assert.deepEqual([isIn("a"), isIn("b")], [false, true]);
  });

  test("that are used are kept as used each minute, for a server that is killed", async () => {
    await begin("a");
    for (let second = 0; second < 3_600; second++) {
      clock.advance(1_000);
      assert.ok(isIn("a"));
    }
    assert.ok(store.writes > 50 && store.writes <= 61, `${store.writes} writes`);
    startAgain(29 * MINUTE_MS - 1_000);
    assert.ok(isIn("a"));
  });

  test("cost nothing where a stranger shows what is none", async () => {
    await begin("a");
    for (const secret of ["", "b", "c"]) {
      assert.ok(!isIn(secret));
      await sessions.end(secret);
    }
    assert.equal(store.writes, 1);
  });

  test("are nobody's when the wall clock was put back", async () => {
    await begin("a");
    startAgain(-MINUTE_MS);
    assert.ok(!isIn("a"));
  });

  test("are 256 at most, over restarts, too: who was not seen for longest goes", async () => {
    for (let i = 0; i < 256; i++) {
      await begin(String(i));
      clock.advance(1);
    }
    startAgain();
    clock.advance(10);
    assert.ok(isIn("0"));
    await begin("one more");
    assert.deepEqual([isIn("0"), isIn("1"), isIn("2"), isIn("one more")], [true, false, true, true]);
    assert.equal(store.load().length, 256);
    await store.keep([...store.load(), ...store.load()].map((one, i) => ({ ...one, hash: String(i) })));
    startAgain();
    await sessions.close();
    assert.equal(store.load().length, 256);
  });
});
