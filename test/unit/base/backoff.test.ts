import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Backoff } from "../../../src/base/backoff.ts";

const OPTIONS = { firstMs: 500, maxMs: 15_000 };
const waits = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.nextMs());

describe("back-off", () => {
  test("waits double up to the limit and stay there", () => {
    const backoff = new Backoff(OPTIONS, () => 1);
    assert.deepEqual(waits(backoff, 8), [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    assert.equal(waits(backoff, 5_000).at(-1), 15_000, "no overflow however long it goes on");
  });

  test("each wait is drawn from its upper half", () => {
    assert.deepEqual(waits(new Backoff(OPTIONS, () => 0), 3), [250, 500, 1000]);
    assert.deepEqual(waits(new Backoff(OPTIONS, () => 0.5), 3), [375, 750, 1500]);
    for (const [i, wait] of waits(new Backoff(OPTIONS), 50).entries()) {
      const full = Math.min(15_000, 500 * 2 ** i);
      assert.ok(wait >= full / 2 && wait <= full, `wait ${i} is ${wait}`);
    }
  });

  test("after a success the next wait is the first one again", () => {
    const backoff = new Backoff(OPTIONS, () => 1);
    waits(backoff, 7);
    backoff.reset();
    assert.deepEqual(waits(backoff, 2), [500, 1000]);
  });
});
