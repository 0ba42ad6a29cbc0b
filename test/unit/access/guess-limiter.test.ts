import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { GUESS_LIMITER_DEFAULTS, GuessLimiter } from "../../../src/access/guess-limiter.ts";
import { HandClock } from "../../hand-clock.ts";

const STRANGER = "203.0.113.9";
const HOME = "192.0.2.1";

function make(options: Partial<typeof GUESS_LIMITER_DEFAULTS> = {}) {
  const clock = new HandClock(1_000_000);
  return { clock, limiter: new GuessLimiter(clock, { ...GUESS_LIMITER_DEFAULTS, ...options }) };
}

function failTimes(limiter: GuessLimiter, count: number, address: string, user?: string): number[] {
  return Array.from({ length: count }, () => limiter.after(address, user, false));
}

describe("GuessLimiter, by address", () => {
  test("ten failures are free, then one comes back every 30 s", () => {
    const { clock, limiter } = make();
    failTimes(limiter, 9, STRANGER);
    assert.deepEqual(limiter.before(STRANGER), { state: "go" });
    failTimes(limiter, 1, STRANGER);
    assert.deepEqual(limiter.before(STRANGER), { state: "blocked", retryAfterMs: 30_000 });
    clock.advance(29_000);
    assert.deepEqual(limiter.before(STRANGER), { state: "blocked", retryAfterMs: 1000 });
    clock.advance(1000);
    assert.deepEqual(limiter.before(STRANGER), { state: "go" });
    failTimes(limiter, 1, STRANGER);
    assert.equal(limiter.before(STRANGER).state, "blocked");
    assert.equal(limiter.before(HOME).state, "go");
  });

  test("attempts that were under way together are paid for afterwards, and the debt has an end", () => {
    const { clock, limiter } = make();
    failTimes(limiter, 64, STRANGER);
    assert.deepEqual(limiter.before(STRANGER), { state: "blocked", retryAfterMs: 55 * 30_000 });
    failTimes(limiter, 10_000, STRANGER);
    clock.advance(181 * 30_000);
    assert.equal(limiter.before(STRANGER).state, "go");
  });

  test("a success costs nothing, and pays for no failure", () => {
    const { limiter } = make();
    failTimes(limiter, 10, STRANGER);
    limiter.after(STRANGER, "mallory", true);
    assert.equal(limiter.before(STRANGER).state, "blocked");
    for (let i = 0; i < 100; i++) limiter.after(HOME, "ann", true);
    assert.equal(limiter.before(HOME).state, "go");
  });

  test("IPv6 counts by /64, IPv4 by address, however it is written", () => {
    const { limiter } = make();
    failTimes(limiter, 10, "2001:db8:1:2:aaaa::1");
    assert.equal(limiter.before("2001:DB8:1:2::2").state, "blocked");
    assert.equal(limiter.before("2001:db8:1:3::1").state, "go");
    failTimes(limiter, 10, "::ffff:203.0.113.9");
    assert.equal(limiter.before(STRANGER).state, "blocked");
  });

  test("those without an address share one big budget", () => {
    const { clock, limiter } = make();
    failTimes(limiter, 999, "");
    assert.equal(limiter.before("no address").state, "go");
    failTimes(limiter, 1, "unknown");
    assert.equal(limiter.before("").state, "blocked");
    clock.advance(300);
    assert.equal(limiter.before("").state, "go");
  });

  test("never more guesses than the first ten and one per 30 s", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40_000), { maxLength: 200 }), (waitsMs) => {
        const { clock, limiter } = make();
        let guesses = 0;
        for (const waitMs of waitsMs) {
          clock.advance(waitMs);
          if (limiter.before(STRANGER).state === "blocked") continue;
          guesses++;
          limiter.after(STRANGER, undefined, false);
        }
        const passedMs = waitsMs.reduce((sum, waitMs) => sum + waitMs, 0);
        assert.ok(guesses <= 10 + passedMs / 30_000 + 1e-6, `${guesses} in ${passedMs} ms`);
      }),
    );
  });

  test("the table forgets its oldest, and only after as many others failed", () => {
    const { limiter } = make({ maxAddresses: 3 });
    failTimes(limiter, 10, STRANGER);
    for (const last of [1, 2]) failTimes(limiter, 1, `198.51.100.${last}`);
    assert.equal(limiter.before(STRANGER).state, "blocked");
    failTimes(limiter, 1, "198.51.100.3");
    assert.equal(limiter.before(STRANGER).state, "go");
  });
});

describe("GuessLimiter, by user", () => {
  test("answers come later after failures, at most by 4 s, and are never refused", () => {
    const { limiter } = make();
    assert.deepEqual(failTimes(limiter, 7, STRANGER, "ann"), [0, 500, 1000, 2000, 4000, 4000, 4000]);
    assert.equal(limiter.before(HOME).state, "go");
    assert.equal(limiter.after(HOME, "ann", true), 4000);
    assert.equal(limiter.after(HOME, "bob", true), 0);
  });

  test("a user is not delayed where they have logged in before; failures from there are", () => {
    const { limiter } = make();
    limiter.after(HOME, "ann", true);
    failTimes(limiter, 5, STRANGER, "ann");
    assert.equal(limiter.after(HOME, "ann", true), 0);
    assert.equal(limiter.after(HOME, "ann", false), 4000);
    assert.equal(limiter.after("192.0.2.2", "ann", true), 4000);
    assert.equal(limiter.after("192.0.2.2", "ann", true), 0);
  });

  test("failures are forgotten after ten quiet minutes", () => {
    const { clock, limiter } = make();
    failTimes(limiter, 5, STRANGER, "ann");
    clock.advance(599_999);
    assert.deepEqual(failTimes(limiter, 1, STRANGER, "ann"), [4000]);
    clock.advance(600_000);
    assert.deepEqual(failTimes(limiter, 2, STRANGER, "ann"), [0, 500]);
  });

  test("made-up names push out the oldest failures, never the homes", () => {
    const { limiter } = make({ maxUsers: 2, maxHomes: 2 });
    limiter.after(HOME, "ann", true);
    failTimes(limiter, 5, STRANGER, "ann");
    for (const name of ["x", "y", "z"]) failTimes(limiter, 1, STRANGER, name);
    assert.equal(limiter.after("192.0.2.2", "ann", true), 0, "forgotten");
    failTimes(limiter, 5, STRANGER, "ann");
    assert.equal(limiter.after(HOME, "ann", true), 0, "a home still");
  });

  test("so many answers are delayed at a time, the rest come at once", () => {
    const { clock, limiter } = make({ maxDelayed: 2 });
    assert.deepEqual(failTimes(limiter, 4, STRANGER, "ann"), [0, 500, 1000, 0]);
    clock.advance(500);
    assert.deepEqual(failTimes(limiter, 2, STRANGER, "ann"), [4000, 0]);
    clock.advance(4000);
    assert.equal(clock.timers, 0);
  });
});
