import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { PeerError } from "../../../src/base/errors.ts";
import { CLIENT_DEFAULTS } from "../../../src/client/client-options.ts";
import { askedWaitMs, describeFailure, failureKind } from "../../../src/client/dial-failure.ts";
import {
  AT_ONCE_MS,
  BUSY_SHORT_MS,
  DENIED_BACKOFF,
  MOST_HOPES,
  Retry,
  SILENT_SHORT_MS,
} from "../../../src/client/retry.ts";
import { UpgradeRefusedError } from "../../../src/transport/dial-error.ts";
import { HandClock } from "../../hand-clock.ts";

const OPTIONS = { backoff: { leastMs: 250, mostMs: 1_000, maxMs: 15_000 }, stableAfterMs: 5_000 };
const RESET = { code: 1006, reason: "the connection was reset", by: "peer" } as const;
const DEAD = { code: 1006, reason: "nothing heard for 10 s", by: "us" } as const;
const KICKED = { code: 1008, reason: "revoked", by: "peer" } as const;
const RESUMED_BY_ANOTHER = { code: 1000, reason: "resumed", by: "peer" } as const;
const RESTARTS = { code: 1012, reason: "", by: "peer" } as const;

const refusal = (status: number, retryAfterMs?: number): UpgradeRefusedError =>
  new UpgradeRefusedError(`${status}`, "hint", status, retryAfterMs);
const connectError = (code: string): PeerError =>
  new PeerError("CONNECT_FAILED", code, { cause: Object.assign(new Error(code), { code }) });
const REFUSED = connectError("ECONNREFUSED");
const SWALLOWED = new PeerError("CONNECT_TIMEOUT", "late");

describe("a failed attempt", () => {
  test("is silence, an answer of the moment, or a definite no", () => {
    for (const code of ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]) {
      assert.equal(failureKind(connectError(code)), "silent", code);
    }
    assert.equal(failureKind(SWALLOWED), "silent");
    for (const code of ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND"])
      assert.equal(failureKind(connectError(code)), "busy");
    for (const status of [429, 500, 502, 503, 504]) assert.equal(failureKind(refusal(status)), "busy", `${status}`);
    for (const status of [401, 403, 404, 409, 410, 426])
      assert.equal(failureKind(refusal(status)), "denied", `${status}`);
    for (const code of ["PIN_MISMATCH", "PROXY_LOGIN_REFUSED", "PROXY_LOGIN_UNKNOWN"]) {
      assert.equal(failureKind(new PeerError(code, "")), "denied", code);
    }
    assert.equal(failureKind(new Error("what is this?")), "busy");
  });

  test("of several servers is what gives most hope, and is told of each", () => {
    const of = (...errors: Error[]): AggregateError => new AggregateError(errors);
    assert.equal(failureKind(of(refusal(403), SWALLOWED)), "silent");
    assert.equal(failureKind(of(refusal(403), SWALLOWED, REFUSED)), "busy");
    assert.equal(failureKind(of(refusal(403), refusal(401))), "denied");
    assert.equal(askedWaitMs(of(refusal(503, 7_000), refusal(503, 5_000))), 5_000);
    assert.equal(askedWaitMs(of(refusal(503, 7_000), REFUSED)), undefined);
    assert.equal(describeFailure(of(refusal(403), REFUSED)), "403\n  hint\nECONNREFUSED");
  });
});

describe("when to dial again", () => {
  let clock: HandClock;
  let drawn: number;
  let retry: Retry;

  beforeEach(() => {
    clock = new HandClock();
    drawn = 1;
    retry = new Retry(clock, OPTIONS, () => drawn);
  });

  const fail = (error: unknown): number => retry.afterFailure(error).ms;

  test("at once after a connection that had lasted; spread, if all clients of the server may have lost theirs", () => {
    assert.deepEqual(retry.afterLoss(DEAD, 5_000), { ms: 0, isOurs: true });
    assert.deepEqual(retry.afterLoss(RESET, 5_000), { ms: AT_ONCE_MS, isOurs: true });
    drawn = 0;
    assert.equal(retry.afterLoss(RESET, 5_000).ms, 0);
  });

  test("after a short wait if it had not lasted, and hope begins anew only where the line broke", () => {
    for (const [closed, expected] of [
      [RESTARTS, 2_000],
      [RESET, 1_000],
    ] as const) {
      retry = new Retry(clock, OPTIONS, () => drawn);
      fail(REFUSED);
      clock.advance(BUSY_SHORT_MS);
      assert.equal(retry.afterLoss(closed, 4_999).ms, expected);
    }
  });

  test("ever later if all that stand are cut at once, whoever cuts them", () => {
    const wait = (lastedMs: number): number => {
      const { ms } = retry.afterLoss(RESET, lastedMs);
      clock.advance(lastedMs + ms);
      return ms;
    };
    for (let i = 0; i <= MOST_HOPES; i++) assert.equal(wait(1_000), 1_000);
    clock.advance(BUSY_SHORT_MS);
    assert.deepEqual([wait(1_000), wait(1_000), wait(1_000), wait(1_000)], [2_000, 4_000, 8_000, 15_000]);
    assert.deepEqual([wait(5_000), wait(1_000)], [AT_ONCE_MS, 1_000], "one that lasted makes all good");
  });

  test("soon for half a minute where somebody answers, for five where nobody does, then ever later", () => {
    for (const [error, shortForMs] of [
      [REFUSED, BUSY_SHORT_MS],
      [SWALLOWED, SILENT_SHORT_MS],
    ] as const) {
      retry.afterLoss(DEAD, 5_000);
      assert.equal(fail(error), 1_000);
      clock.advance(shortForMs - 1);
      assert.equal(fail(error), 1_000);
      clock.advance(1);
      const waits = [1, 2, 3, 4, 5].map(() => fail(error));
      assert.deepEqual(waits, [2_000, 4_000, 8_000, 15_000, 15_000]);
    }
  });

  test("much later after a definite no, and after being sent away", () => {
    assert.equal(fail(refusal(403)), DENIED_BACKOFF.mostMs);
    clock.advance(1_000);
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => fail(refusal(401))),
      [6_000, 12_000, 24_000, 48_000, 60_000],
    );
    retry = new Retry(clock, OPTIONS, () => drawn);
    assert.equal(retry.afterLoss(KICKED, 100_000).ms, DENIED_BACKOFF.mostMs);
  });

  test("at once by news of the network, after a definite no once a minute", () => {
    const news = (): boolean => retry.takeNews();
    fail(REFUSED);
    assert.deepEqual([news(), news()], [true, true]);
    fail(refusal(401));
    assert.deepEqual([news(), news()], [true, false]);
    clock.advance(DENIED_BACKOFF.maxMs - 1);
    fail(refusal(403));
    assert.equal(news(), false);
    clock.advance(1);
    assert.deepEqual([news(), news()], [true, false]);
    retry.welcomed();
    assert.deepEqual([news(), news()], [true, true], "it works");
    retry.afterLoss(KICKED, 100_000);
    assert.equal(news(), false);
    retry.afterLoss(DEAD, 5_000);
    assert.equal(news(), true, "it has worked since");
  });

  test("at once if the server took a claim in its place that was called off, once for what was", () => {
    const greeting = new PeerError("GREETING_FAILED", "");
    const after = [
      (): number => retry.afterLoss(RESUMED_BY_ANOTHER, 0).ms,
      (): number => retry.afterFailure(greeting, RESUMED_BY_ANOTHER).ms,
    ];
    for (const waitMs of after) {
      assert.equal(waitMs(), 1_000, "somebody else's claim");
      retry.calledOff();
      retry.calledOff();
      retry.afterLoss(RESET, 0);
      assert.deepEqual([waitMs(), waitMs()], [0, 1_000]);
    }
    retry.calledOff();
    assert.equal(retry.afterLoss({ ...RESUMED_BY_ANOTHER, reason: "full" }, 0).ms, 1_000);
  });

  test("once to twice as late as the server asks, within bounds, and no news of the network shortens that", () => {
    assert.deepEqual(retry.afterFailure(refusal(503, 7_000)), { ms: 14_000, isOurs: false });
    retry.ask(3_000);
    assert.deepEqual(retry.afterLoss(RESTARTS, 100_000), { ms: 6_000, isOurs: false });
    retry.ask(86_400_000);
    drawn = 0;
    assert.deepEqual(retry.afterLoss(RESTARTS, 100_000), { ms: OPTIONS.backoff.maxMs, isOurs: false });
    assert.equal(retry.afterLoss(RESTARTS, 100_000).isOurs, true, "asked once, given once");
  });

  test("two thousand clients of a server that crashes come back spread out, and soon", () => {
    let draws = 0;
    // Evenly spread and the same in every run: multiples of the golden ratio.
    const random = (): number => (++draws * 0.618_033_988_75) % 1;
    const downMs = 1_300;
    const arrivals: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const one = new Retry(clock, CLIENT_DEFAULTS, random);
      let atMs = one.afterLoss(RESET, 60_000).ms;
      while (atMs < downMs) atMs += one.afterFailure(REFUSED).ms;
      arrivals.push(atMs - downMs);
    }
    const inTenth = (tenth: number): number => arrivals.filter((ms) => Math.floor(ms / 100) === tenth).length;
    assert.ok(Math.max(...arrivals) <= 1_000, "all are back within a second");
    for (let tenth = 0; tenth < 10; tenth++) assert.ok(inTenth(tenth) < 500, `${inTenth(tenth)} in tenth ${tenth}`);
  });
});
