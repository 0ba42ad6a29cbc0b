/** One of a client's connections, as far as it decides when to dial; the rest is shown with sockets in sessions.test.ts. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { PeerError } from "../../../src/base/errors.ts";
import { CLIENT_DEFAULTS } from "../../../src/client/client-options.ts";
import { Lane, type LaneEvents } from "../../../src/client/lane.ts";
import { DENIED_BACKOFF } from "../../../src/client/retry.ts";
import type { Dialed, DialPlan } from "../../../src/client/session-dialer.ts";
import { UpgradeRefusedError } from "../../../src/transport/dial-error.ts";
import { HandClock } from "../../hand-clock.ts";

const PLAN: DialPlan = { servers: [], areRaced: false };
const WRONG = new UpgradeRefusedError("401", "hint", 401, undefined);
const LATER = new UpgradeRefusedError("503", "hint", 503, 30_000);
const REFUSED = new PeerError("CONNECT_FAILED", "ECONNREFUSED");
const never = (): never => assert.fail("nobody connects");
/** Between two news, as of a link that comes and goes. */
const APART_MS = 500;

describe("news of the network while there is no connection", () => {
  let clock: HandClock;
  let lane: Lane;
  let dials: number;
  /** What each attempt fails with; undefined: it goes on. */
  let failure: Error | undefined;

  beforeEach(() => {
    clock = new HandClock();
    dials = 0;
    const events: LaneEvents = {
      plan: () => PLAN,
      onDialing: () => void dials++,
      onUp: never,
      onClosed: never,
      onLost: never,
      onFailed: () => {},
      onControl: never,
      onDrained: never,
      onSuspect: never,
      onHeard: never,
    };
    const dial = (): Promise<Dialed> => (failure === undefined ? new Promise(() => {}) : Promise.reject(failure));
    const deps = { clock, dial, greet: never, hasAddress: () => true };
    lane = new Lane(deps, 0, events, CLIENT_DEFAULTS);
  });

  async function open(error: Error): Promise<void> {
    failure = error;
    lane.open();
    await setImmediate();
  }

  /** The link comes and goes for so long. Answers how often was dialed. */
  async function flap(forMs: number): Promise<number> {
    const before = dials;
    for (let ms = 0; ms < forMs; ms += APART_MS) {
      clock.advance(APART_MS);
      await setImmediate();
      lane.wake();
      await setImmediate();
    }
    return dials - before;
  }

  test("ends a wait of ours each time", async () => {
    await open(REFUSED);
    assert.ok((await flap(10 * APART_MS)) >= 10);
  });

  test("ends one after a definite no once, and again after the longest such wait", async () => {
    await open(WRONG);
    lane.wake();
    await setImmediate();
    assert.equal(dials, 2, "another network may have another way to the server");
    // Waits of 2 to 3 s, doubled up to a minute, make six attempts at most; the news two.
    const more = await flap(2 * DENIED_BACKOFF.maxMs);
    assert.ok(more <= 8, `${more} attempts with credentials that are wrong`);
  });

  test("does not begin an attempt anew again and again whose answer, after a definite no, is waited for", async () => {
    await open(WRONG);
    failure = undefined;
    assert.ok((await flap(DENIED_BACKOFF.maxMs)) <= 2);
  });

  test("ends none that the server has asked for", async () => {
    await open(LATER);
    assert.equal(await flap(30_000 - APART_MS), 0);
    assert.ok((await flap(31_000)) >= 1);
  });

  test("ends each again when the way is another: nobody answers that says no", async () => {
    await open(WRONG);
    assert.equal(await flap(APART_MS), 1);
    assert.equal(await flap(APART_MS), 0);
    failure = REFUSED;
    await flap(10_000);
    assert.ok((await flap(10 * APART_MS)) >= 10);
  });
});
