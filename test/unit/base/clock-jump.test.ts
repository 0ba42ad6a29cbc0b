import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClockJump } from "../../../src/base/clock-jump.ts";

/** Looks after each pair of (monotonic, wall) milliseconds that passed; what each look said. */
function looks(...passed: readonly (readonly [monotonicMs: number, wallMs: number])[]): readonly boolean[] {
  let [monotonicMs, wallMs] = [5_000, 1_700_000_000_000];
  const jump = new ClockJump(1_000, monotonicMs, wallMs);
  return passed.map(([monotonic, wall]) => {
    monotonicMs += monotonic;
    wallMs += wall;
    return jump.look(monotonicMs, wallMs);
  });
}

describe("clock jump", () => {
  test("time that passes as it should is none, nor are a busy moment and an NTP that slews", () => {
    assert.deepEqual(looks([1_000, 1_000], [3_900, 3_900], [1_000, 1_500], [1_000, 900]), [false, false, false, false]);
  });

  test("a sleeping machine stops the monotonic clock only, and is noticed once", () => {
    assert.deepEqual(looks([1_000, 1_000], [1_000, 3_600_000], [1_000, 1_000]), [false, true, false]);
  });

  test("a frozen process has both clocks go on, and is noticed once", () => {
    assert.deepEqual(looks([30_000, 30_000], [1_000, 1_000]), [true, false]);
  });

  test("a clock that is set back, or forth by less than three seconds, wakes nobody", () => {
    assert.deepEqual(looks([1_000, -3_600_000], [1_000, 3_900], [1_000, 4_001]), [false, false, true]);
  });
});
