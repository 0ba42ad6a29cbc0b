import assert from "node:assert/strict";
import { test } from "node:test";
import { RoundTripMeasure } from "../../../src/client/round-trip-measure.ts";
import { HandClock } from "../../hand-clock.ts";

function connection(...answersMs: readonly (number | undefined)[]) {
  let probes = 0;
  return {
    probe: () => {
      probes++;
    },
    get roundTripMs() {
      return answersMs[Math.min(probes, answersMs.length) - 1];
    },
    get probes() {
      return probes;
    },
  };
}

test("the round trip is the least of four probes", () => {
  const clock = new HandClock();
  const one = connection(80, 12, 3, 40);
  const measured: unknown[] = [];
  const measure = new RoundTripMeasure(clock);
  measure.begin(one, (leastMs) => measured.push(leastMs));
  clock.advance(499);
  assert.equal(measured.length, 0);
  clock.advance(1);
  assert.deepEqual([measured, one.probes, clock.timers], [[3], 4, 0]);
  measure.begin(connection(undefined), (leastMs) => measured.push(leastMs));
  clock.advance(500);
  assert.deepEqual(measured, [3, undefined]);
});

test("a measure ends without a word when another begins, or it is cancelled", () => {
  const clock = new HandClock();
  const measured: string[] = [];
  const measure = new RoundTripMeasure(clock);
  measure.begin(connection(5), () => measured.push("first"));
  clock.advance(300);
  measure.begin(connection(5), () => measured.push("second"));
  clock.advance(500);
  measure.begin(connection(5), () => measured.push("third"));
  measure.cancel();
  clock.advance(1_000);
  assert.deepEqual([measured, clock.timers], [["second"], 0]);
});
