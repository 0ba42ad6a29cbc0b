import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Direction } from "../../../../lab/path/direction.ts";
import { changeDirection, DIRECTION_DEFAULTS, wireBytesOf } from "../../../../lab/path/direction-settings.ts";
import { deliver, enqueue, makeDirection } from "./path-frames.ts";

/** 1538 bytes on the wire: 12.304 ms at this rate. */
const MEGABIT = 1e6;
const FRAME_MS = 12.304;

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

function enqueueMany(direction: Direction, count: number, nowMs: number): void {
  for (const id of numbers(0, count)) enqueue(direction, id, nowMs);
}

describe("one direction of an emulated path", () => {
  test("a frame takes its bits on the wire and the delay", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT, delayMs: 20 });
    enqueue(direction, 5, 100);
    assert.deepEqual(deliver(direction, 100 + FRAME_MS + 19.999), []);
    assert.equal(direction.nextMs(), 100 + FRAME_MS + 20);
    assert.deepEqual(deliver(direction, 100 + FRAME_MS + 20), [5]);
    assert.equal(direction.nextMs(), Number.POSITIVE_INFINITY);
  });

  test("short frames are padded on the wire, and all have preamble, FCS and gap", () => {
    assert.deepEqual([14, 60, 61, 1514].map(wireBytesOf), [84, 84, 85, 1538]);
  });

  test("frames follow each other at the rate of the line, however seldom it is looked at", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT });
    enqueueMany(direction, 10, 0);
    assert.deepEqual(deliver(direction, 4 * FRAME_MS + 1), [0, 1, 2, 3]);
    assert.deepEqual(deliver(direction, 10 * FRAME_MS + 1), [4, 5, 6, 7, 8, 9]);
  });

  test("what comes to a full queue is dropped, and a line with nothing to do takes any frame", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT, queueBytes: 3 * 1538 });
    enqueueMany(direction, 5, 0);
    assert.deepEqual(deliver(direction, 1_000), [0, 1, 2]);
    assert.equal(direction.counters.queueDrops, 2);
    const none = makeDirection({ bitsPerSecond: MEGABIT, queueMs: 0 });
    enqueueMany(none, 2, 0);
    assert.deepEqual(deliver(none, 1_000), [0]);
  });

  test("a queue given in time holds what the line sends in that time", () => {
    const direction = makeDirection({ bitsPerSecond: 20 * MEGABIT, queueMs: 100 });
    enqueueMany(direction, 500, 0);
    assert.equal(direction.counters.queuedFrames, Math.floor(250_000 / 1538));
  });

  test("another rate holds for those that wait", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT });
    enqueueMany(direction, 10, 0);
    direction.set({ ...DIRECTION_DEFAULTS, bitsPerSecond: 10 * MEGABIT }, FRAME_MS);
    assert.deepEqual(deliver(direction, FRAME_MS + 4.5 * (FRAME_MS / 10)), [0, 1, 2, 3, 4]);
  });

  test("settings that leave the rate alone do not start a frame anew", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT });
    enqueue(direction, 0, 0);
    direction.set({ ...direction.settings, delayMs: 1 }, FRAME_MS / 2);
    assert.equal(direction.nextMs(), FRAME_MS);
  });

  test("during a cut frames vanish: those that come, and those that would leave the line", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT, delayMs: 50 });
    enqueueMany(direction, 10, 0);
    direction.cut(3 * FRAME_MS, 2.5 * FRAME_MS);
    enqueue(direction, 10, 3 * FRAME_MS);
    enqueue(direction, 11, 5.6 * FRAME_MS);
    assert.deepEqual(deliver(direction, 1_000), [0, 1, 5, 6, 7, 8, 9, 11]);
    assert.equal(direction.counters.cutDrops, 4);
  });

  test("a cut may be mended early", () => {
    const direction = makeDirection({});
    direction.cut(10_000, 0);
    direction.cut(0, 10);
    enqueue(direction, 0, 10);
    assert.deepEqual(deliver(direction, 10), [0]);
  });

  test("scheduled cuts come at the end of each period since the start", () => {
    const direction = makeDirection({ cutEveryMs: 100, cutMs: 20 }, { startMs: 1_000 });
    for (const id of numbers(0, 30)) enqueue(direction, id, 1_000 + 10 * id);
    assert.deepEqual(
      deliver(direction, 5_000),
      numbers(0, 30).filter((id) => id % 10 < 8),
    );
  });

  test("lost frames take their time on the line", () => {
    const direction = makeDirection({ bitsPerSecond: MEGABIT, loss: 1 });
    enqueue(direction, 0, 0);
    direction.set({ ...direction.settings, loss: 0 }, 1);
    enqueue(direction, 1, 1);
    assert.deepEqual(deliver(direction, 1.9 * FRAME_MS), []);
    assert.deepEqual(deliver(direction, 2 * FRAME_MS), [1]);
  });

  test("the n-th frame has the same fate whenever it comes", () => {
    const settings = { loss: 0.1, lossBurstFrames: 4, duplicate: 0.1, reorder: 0.1, reorderMs: 0 };
    const dense = makeDirection(settings, { seed: 7 });
    const sparse = makeDirection(settings, { seed: 7 });
    const other = makeDirection(settings, { seed: 8 });
    enqueueMany(dense, 500, 0);
    for (const id of numbers(0, 500)) enqueue(sparse, id, 3 * id);
    enqueueMany(other, 500, 0);
    const ids = deliver(dense, 1e6);
    assert.deepEqual(deliver(sparse, 1e6), ids);
    assert.notDeepEqual(deliver(other, 1e6), ids);
  });

  test("shares of loss, doubles and late ones are as asked for", () => {
    const count = 20_000;
    const direction = makeDirection({ loss: 0.02, duplicate: 0.05, reorder: 0.1 });
    for (const id of numbers(0, count)) {
      enqueue(direction, id, id);
      deliver(direction, id);
    }
    const { lostFrames, doubledFrames, lateFrames } = direction.counters;
    for (const [got, share] of [
      [lostFrames, 0.02],
      [doubledFrames, 0.05 * 0.98],
      [lateFrames, 0.1 * 0.98],
    ] as const)
      assert.ok(Math.abs(got - share * count) < 4 * Math.sqrt(share * count), `${got} of ${count}, not ${share}`);
  });

  test("losses come in runs of the length asked for, at the same share", () => {
    const direction = makeDirection({ loss: 0.05, lossBurstFrames: 5 });
    const arrived = new Set<number>();
    for (const id of numbers(0, 40_000)) {
      enqueue(direction, id, id);
      for (const one of deliver(direction, id)) arrived.add(one);
    }
    const lost = numbers(0, 40_000).filter((id) => !arrived.has(id));
    const runs = lost.filter((id) => arrived.has(id - 1)).length;
    assert.ok(Math.abs(lost.length / 40_000 - 0.05) < 0.01, `${lost.length} lost`);
    assert.ok(Math.abs(lost.length / runs - 5) < 0.8, `runs of ${lost.length / runs}`);
  });

  test("jitter spreads frames and keeps their order, lateness does not", () => {
    const direction = makeDirection({ delayMs: 10, jitterMs: 8 });
    for (const id of numbers(0, 100)) enqueue(direction, id, id);
    assert.deepEqual(deliver(direction, 1_000), numbers(0, 100));
    const late = makeDirection({ delayMs: 10, reorder: 0.2, reorderMs: 3.5 });
    for (const id of numbers(0, 100)) enqueue(late, id, id);
    const ids = deliver(late, 1_000);
    assert.equal(late.counters.lateFrames, ids.filter((id, at) => ids.slice(0, at).some((other) => other > id)).length);
    assert.ok(late.counters.lateFrames > 5);
  });

  test("frames that the emulator has no room for are counted apart", () => {
    const direction = makeDirection({ delayMs: 10 }, { frames: 4 });
    enqueueMany(direction, 6, 0);
    enqueue(direction, 9, 0, 1_515);
    assert.deepEqual(deliver(direction, 10), [0, 1, 2, 3]);
    assert.equal(direction.counters.roomDrops, 3);
  });

  test("the mean error tells how late frames were handed out", () => {
    const direction = makeDirection({ delayMs: 10 });
    enqueueMany(direction, 2, 0);
    deliver(direction, 11.5);
    assert.equal(direction.counters.errorMs, 3);
  });
});

describe("the settings of a path", () => {
  test("what is said for one direction goes before what is said for both", () => {
    const change = { delayMs: 5, up: { delayMs: 7 }, down: { loss: 0.1 } };
    assert.equal(changeDirection(DIRECTION_DEFAULTS, change, "up").delayMs, 7);
    assert.deepEqual(changeDirection(DIRECTION_DEFAULTS, change, "down"), {
      ...DIRECTION_DEFAULTS,
      delayMs: 5,
      loss: 0.1,
    });
  });

  test("what no line can do is refused", () => {
    for (const change of [{ delayMs: -1 }, { loss: 1.1 }, { bitsPerSecond: 0 }, { jitterMs: Number.NaN }])
      assert.throws(() => changeDirection(DIRECTION_DEFAULTS, change, "up"), RangeError);
  });
});
