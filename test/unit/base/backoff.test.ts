import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Backoff } from "../../../src/base/backoff.ts";

const OPTIONS = { leastMs: 250, mostMs: 1_000, maxMs: 15_000 };
const SHORT_FOR_MS = 30_000;

describe("back-off", () => {
  test("waits are short for a while, each drawn from between the least and the most", () => {
    for (const [drawn, expected] of [
      [0, 250],
      [0.5, 625],
      [1, 1_000],
    ] as const) {
      const backoff = new Backoff(OPTIONS, () => drawn);
      for (const nowMs of [7, 10_000, 30_006]) assert.equal(backoff.nextMs(nowMs, SHORT_FOR_MS), expected);
    }
  });

  test("then they double up to the limit and stay there, each drawn from its upper half", () => {
    for (const [drawn, expected] of [
      [1, [2_000, 4_000, 8_000, 15_000, 15_000]],
      [0, [1_000, 2_000, 4_000, 7_500, 7_500]],
    ] as const) {
      const backoff = new Backoff(OPTIONS, () => drawn);
      backoff.nextMs(0, SHORT_FOR_MS);
      const waits = expected.map((_, i) => backoff.nextMs(SHORT_FOR_MS + i, SHORT_FOR_MS));
      assert.deepEqual(waits, expected);
    }
    const backoff = new Backoff(OPTIONS, () => 1);
    for (let i = 0; i < 5_000; i++) backoff.nextMs(i, 0);
    assert.equal(backoff.nextMs(0, 0), 15_000, "no overflow however long it goes on");
  });

  test("after a success the next wait is a short one again", () => {
    const backoff = new Backoff(OPTIONS, () => 1);
    for (const nowMs of [0, 40_000, 50_000]) backoff.nextMs(nowMs, SHORT_FOR_MS);
    backoff.reset();
    assert.equal(backoff.nextMs(60_000, SHORT_FOR_MS), 1_000);
    assert.equal(backoff.nextMs(90_000, SHORT_FOR_MS), 2_000);
  });
});
