import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GuardTime } from "../../../src/guard/guard-time.ts";
import { RatePolice } from "../../../src/guard/rate-police.ts";
import { HandClock } from "../../hand-clock.ts";

const LIMIT = { bytesPerSecond: 100_000, burstBytes: 10_000 };

/** Counts how often it is asked. */
class CountedClock extends HandClock {
  asked = 0;

  override nowMs(): number {
    this.asked++;
    return super.nowMs();
  }
}

describe("rate police", () => {
  test("lets the burst pass at once and the rate in the long run, between ticks too", () => {
    const clock = new HandClock();
    const police = new RatePolice(new GuardTime(clock), LIMIT);
    let passed = 0;
    for (let ms = 0; ms < 1_000; ms++) {
      for (let i = 0; i < 5; i++) if (police.admits(100)) passed += 100;
      clock.advance(1);
    }
    assert.ok(passed > 109_000 && passed <= 110_000, `${passed}`);
  });

  test("a super-frame larger than the burst passes when the bucket is full, and is paid for", () => {
    const clock = new HandClock();
    const police = new RatePolice(new GuardTime(clock), LIMIT);
    assert.deepEqual([police.admits(60_000), police.admits(60_000)], [true, false]);
    clock.advance(599);
    assert.equal(police.admits(60_000), false);
    clock.advance(1);
    assert.equal(police.admits(60_000), true);
  });

  test("does not ask the clock while it need not", () => {
    const clock = new CountedClock();
    const police = new RatePolice(new GuardTime(clock), LIMIT);
    const before = clock.asked;
    for (let i = 0; i < 100; i++) police.admits(100);
    assert.equal(clock.asked, before);
    police.admits(100);
    assert.equal(clock.asked, before + 1);
  });
});
