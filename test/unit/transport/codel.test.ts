import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Codel } from "../../../src/transport/codel.ts";

const QUEUE = 3;

/** Asks once a millisecond, and answers the times at which a frame was to be dropped. */
function dropsOver(codel: Codel, fromMs: number, toMs: number, waitedMs: (nowMs: number) => number): number[] {
  const drops: number[] = [];
  for (let nowMs = fromMs; nowMs < toMs; nowMs++) {
    if (codel.judge(QUEUE, waitedMs(nowMs), nowMs, true)) drops.push(nowMs);
  }
  return drops;
}

describe("CoDel", () => {
  test("drops one after an interval above the target, and the next at interval/√n after it", () => {
    // First seen at 1000, above for 100 ms at 1100; then 100/√1, 100/√2, 100/√3 … later, to the next millisecond.
    const expected = [1100, 1200, 1271, 1329, 1379, 1424, 1464, 1502];
    assert.deepEqual(
      dropsOver(new Codel(8), 1000, 1520, () => 20),
      expected,
    );
  });

  test("drops nothing while frames wait less than the target at least once an interval", () => {
    assert.deepEqual(
      dropsOver(new Codel(8), 1000, 5000, (nowMs) => (nowMs % 99 === 0 ? 4 : 50)),
      [],
    );
    assert.deepEqual(
      dropsOver(new Codel(8), 1000, 5000, () => 4.9),
      [],
    );
  });

  test("drops nothing while there is no more than one frame's worth", () => {
    const codel = new Codel(8);
    for (let nowMs = 1000; nowMs < 2000; nowMs++) assert.equal(codel.judge(QUEUE, 500, nowMs, false), false);
  });

  test("stops when the wait is below the target, and soon after goes on near the rate that it had found", () => {
    const codel = new Codel(8);
    const before = dropsOver(codel, 1000, 2000, () => 20);
    assert.equal(codel.judge(QUEUE, 1, 2000, true), false);
    const again = dropsOver(codel, 2001, 2400, () => 20);
    assert.equal(again[0], 2101, "an interval has to pass first");
    assert.ok((again[2] as number) - (again[1] as number) < 30, "no long distances again");
    assert.ok(before.length > 8);
  });

  test("begins at the beginning after a long rest", () => {
    const codel = new Codel(8);
    dropsOver(codel, 1000, 2000, () => 20);
    codel.emptied(QUEUE);
    assert.deepEqual(
      dropsOver(codel, 9000, 9350, () => 20),
      [9100, 9200, 9271, 9329],
    );
  });

  test("queues know nothing of each other", () => {
    const codel = new Codel(8);
    dropsOver(codel, 1000, 1090, () => 20);
    assert.equal(codel.judge(QUEUE + 1, 20, 1150, true), false);
    assert.equal(codel.judge(QUEUE, 20, 1150, true), true);
  });

  test("a slow path's target and interval count from when they are set", () => {
    const codel = new Codel(8);
    codel.targetMs = 30;
    codel.intervalMs = 300;
    assert.deepEqual(
      dropsOver(codel, 1000, 2000, () => 20),
      [],
    );
    assert.equal(dropsOver(codel, 3000, 4000, () => 40)[0], 3300);
  });
});
