import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DIRECTION_DEFAULTS, type DirectionSettings, wireBytesOf } from "../../lab/path/direction-settings.ts";
import { DueHeap } from "../../lab/path/due-heap.ts";
import { Fate } from "../../lab/path/fate.ts";
import { deliver, enqueue, makeDirection } from "../unit/lab/path/path-frames.ts";

interface Arrival {
  readonly afterMs: number;
  readonly bytes: number;
  /** Whether what is due is taken out then. */
  readonly looks: boolean;
}

interface Flight {
  readonly id: number;
  readonly dueMs: number;
  readonly copies: number;
}

/** What a direction does, by lists of all there ever was. */
class NaiveDirection {
  readonly #settings: DirectionSettings;
  readonly #fate: Fate;
  readonly #sent: { readonly leavesMs: number; readonly wireBytes: number }[] = [];
  #flights: Flight[] = [];
  #lastDueMs = 0;

  constructor(settings: DirectionSettings, seed: number) {
    this.#settings = settings;
    this.#fate = new Fate(seed);
  }

  enqueue(id: number, nowMs: number, bytes: number): void {
    const { bitsPerSecond, queueBytes, delayMs, jitterMs, reorderMs } = this.#settings;
    this.#fate.draw(this.#settings);
    const { isLost, isLate, isDoubled, jitterShare } = this.#fate;
    const wireBytes = wireBytesOf(bytes);
    const waiting = this.#sent.filter(({ leavesMs }) => leavesMs > nowMs);
    const waitingBytes = waiting.reduce((sum, other) => sum + other.wireBytes, 0);
    if (waiting.length > 0 && waitingBytes + wireBytes > queueBytes) return;
    const leavesMs = Math.max(nowMs, this.#sent.at(-1)?.leavesMs ?? 0) + (1_000 * 8 * wireBytes) / bitsPerSecond;
    this.#sent.push({ leavesMs, wireBytes });
    if (isLost) return;
    const dueMs = leavesMs + delayMs + jitterMs * jitterShare;
    if (!isLate) this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
    this.#flights.push({ id, dueMs: isLate ? dueMs + reorderMs : this.#lastDueMs, copies: isDoubled ? 2 : 1 });
  }

  /** Sorting is stable: those due at the same time come in the order they left the line. */
  deliver(nowMs: number): number[] {
    const due = this.#flights.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
    this.#flights = this.#flights.filter(({ dueMs }) => dueMs > nowMs);
    return due.flatMap(({ id, copies }) => Array<number>(copies).fill(id));
  }
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5, noNaN: true })),
  bytes: fc.integer({ min: 14, max: 1514 }),
  looks: fc.boolean(),
});

const share = fc.double({ min: 0, max: 0.5, noNaN: true });

const settings: fc.Arbitrary<Partial<DirectionSettings>> = fc.record(
  {
    bitsPerSecond: fc.integer({ min: 500_000, max: 20_000_000 }),
    delayMs: fc.double({ min: 0, max: 30, noNaN: true }),
    jitterMs: fc.double({ min: 0, max: 10, noNaN: true }),
    loss: share,
    lossBurstFrames: fc.integer({ min: 1, max: 5 }),
    duplicate: share,
    reorder: share,
    reorderMs: fc.double({ min: 0, max: 10, noNaN: true }),
    queueBytes: fc.integer({ min: 0, max: 10_000 }),
  },
  { requiredKeys: [] },
);

describe("one direction of an emulated path", () => {
  test("does what a naive one does, whatever comes and whenever it is looked at", () => {
    fc.assert(
      fc.property(settings, fc.array(arrival, { maxLength: 200 }), fc.nat(), (changes, arrivals, seed) => {
        const direction = makeDirection(changes, { seed });
        const naive = new NaiveDirection({ ...DIRECTION_DEFAULTS, ...changes }, seed);
        let nowMs = 0;
        for (const [id, { afterMs, bytes, looks }] of arrivals.entries()) {
          nowMs += afterMs;
          enqueue(direction, id, nowMs, bytes);
          naive.enqueue(id, nowMs, bytes);
          if (looks) assert.deepEqual(deliver(direction, nowMs), naive.deliver(nowMs));
        }
        assert.deepEqual(deliver(direction, 1e9), naive.deliver(1e9));
        assertAccounted(direction.counters);
      }),
      { numRuns: 300 },
    );
  });

  test("frames due at once come out in the order they went in, others in the order they are due", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat({ max: 20 })), { maxLength: 300 }), (steps) => {
        const heap = new DueHeap(300);
        let waiting: { readonly dueMs: number; readonly slot: number }[] = [];
        for (const [slot, dueMs] of steps.entries()) {
          if (dueMs !== null) {
            heap.push(dueMs, slot);
            waiting = [...waiting, { dueMs, slot }].sort((a, b) => a.dueMs - b.dueMs);
          } else if (waiting.length > 0) {
            assert.equal(heap.firstDueMs, waiting[0]?.dueMs);
            assert.equal(heap.pop(), waiting.shift()?.slot);
          }
          assert.equal(heap.size, waiting.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Every frame is somewhere, and nothing is left behind. */
function assertAccounted(counters: ReturnType<typeof makeDirection>["counters"]): void {
  const { enqueuedFrames, passedFrames, lostFrames, queueDrops, cutDrops, roomDrops } = counters;
  assert.equal(passedFrames + lostFrames + queueDrops + cutDrops + roomDrops, enqueuedFrames);
  assert.deepEqual([counters.queuedFrames, counters.queuedBytes, counters.flyingFrames], [0, 0, 0]);
}
