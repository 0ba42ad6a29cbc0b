import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { median, slope, trendOf } from "../../../bench/statistics.ts";

test("the median is the middle, or between the two middle ones", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.equal(median([]), Number.NaN);
});

test("the slope of a straight line is its own, whatever its height", () => {
  const values = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -50, max: 50 }));
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 60 }), ([start, step], count) => {
      const line = Array.from({ length: count }, (_, index) => start + step * index);
      assert.ok(Math.abs(slope(line) - step) < 1e-6);
    }),
  );
});

test("one value or none has no slope", () => {
  assert.equal(slope([5]), 0);
  assert.equal(slope([]), 0);
});

test("wobble within the tolerance is flat, a steady growth beyond it is not", () => {
  const wobble = Array.from({ length: 100 }, (_, index) => 100 + (index % 7));
  assert.equal(trendOf(wobble, 8).flat, true);
  const growth = Array.from({ length: 100 }, (_, index) => 100 + index);
  assert.deepEqual(trendOf(growth, 8), { first: 112, last: 187, slope: 1, flat: false });
});
