import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { BufferPool } from "../../src/transport/buffer-pool.ts";
import { EgressQueue } from "../../src/transport/egress-queue.ts";
import { asByteStream, StandInStream } from "../stand-in-stream.ts";
import { UNCOUNTED } from "../test-pools.ts";

const SMALL_BYTES = 64;
const BUFFER_BYTES = 256;
const MAX_QUEUED_BYTES = 1_000;

class CountingPool extends BufferPool {
  readonly lent = new Set<Buffer>();
  mostLent = 0;

  override take(): Buffer | undefined {
    const buffer = super.take();
    assert.ok(buffer);
    assert.ok(!this.lent.has(buffer), "a buffer has one owner");
    this.lent.add(buffer);
    this.mostLent = Math.max(this.mostLent, this.lent.size);
    return buffer;
  }

  override release(buffer: Buffer): void {
    assert.ok(this.lent.delete(buffer), "a buffer comes back once");
    buffer.fill(0xdd);
    super.release(buffer);
  }
}

type Step =
  | { readonly kind: "append"; readonly bytes: number }
  | { readonly kind: "flush" }
  | { readonly kind: "speed"; readonly isFast: boolean }
  | { readonly kind: "drain" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("append" as const), bytes: fc.integer({ min: 1, max: BUFFER_BYTES }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("flush" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("speed" as const), isFast: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("drain" as const) }) },
);

function makeQueue(): { stream: StandInStream; small: CountingPool; large: CountingPool; queue: EgressQueue } {
  const stream = new StandInStream();
  const small = new CountingPool({ bufferBytes: SMALL_BYTES, maxFree: 4, maxLent: 100 });
  const large = new CountingPool({ bufferBytes: BUFFER_BYTES, maxFree: 4, maxLent: 100 });
  const deps = { stream: asByteStream(stream), pools: { small, large }, ...UNCOUNTED };
  return { stream, small, large, queue: new EgressQueue(deps, { maxQueuedBytes: MAX_QUEUED_BYTES }) };
}

/** Queues the bytes as a frame's message is queued. */
function put(queue: EgressQueue, message: Buffer): boolean {
  const at = queue.reserve(message.length, 1, message.length);
  if (at >= 0) message.copy(queue.buffer, at);
  return at >= 0;
}

describe("egress queue", () => {
  test("sends what it took, all of it and in order, never holds more than its bound, and gives every buffer back", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const { stream, small, large, queue } = makeQueue();
        const lent = (): number => small.lent.size + large.lent.size;
        const taken: Buffer[] = [];
        let serial = 0;
        const drain = (): void => {
          if (!stream.writing) return;
          stream.drain();
          queue.drained();
        };
        for (const one of steps) {
          if (one.kind === "flush") queue.flush();
          else if (one.kind === "speed") stream.isFast = one.isFast;
          else if (one.kind === "drain") drain();
          else {
            const message = Buffer.alloc(one.bytes, ++serial & 0xff);
            const before = queue.queuedBytes;
            const isTaken = put(queue, message);
            assert.equal(isTaken, before + one.bytes <= MAX_QUEUED_BYTES, "refused only when it does not fit");
            if (isTaken) taken.push(message);
          }
          assert.ok(queue.queuedBytes <= MAX_QUEUED_BYTES);
          assert.equal(queue.queuedBytes > 0, lent() > 0, "who has nothing to send holds no buffer");
        }
        queue.flush();
        stream.isFast = true;
        while (stream.writing) drain();
        assert.deepEqual(stream.sent, Buffer.concat(taken));
        assert.equal(queue.queuedBytes, 0);
        assert.equal(lent(), 0);
        // Each sealed buffer is more than half full together with its neighbour; one may be sending, one filling.
        assert.ok(large.mostLent <= 2 * Math.ceil(MAX_QUEUED_BYTES / BUFFER_BYTES) + 2);
      }),
      { numRuns: 300 },
    );
  });

  test("closed at any moment it takes and sends no more, and keeps no buffer but the one the kernel may be reading", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const { stream, small, large, queue } = makeQueue();
        for (const one of steps) {
          if (one.kind === "flush") queue.flush();
          else if (one.kind === "speed") stream.isFast = one.isFast;
          else if (one.kind === "append") queue.append(Buffer.alloc(one.bytes, 1));
          else if (stream.writing) {
            stream.drain();
            queue.drained();
          }
        }
        const calls = stream.calls.length;
        queue.close();
        assert.ok(small.lent.size + large.lent.size <= (stream.writing ? 1 : 0));
        assert.equal(queue.queuedBytes, 0);
        assert.equal(queue.append(Buffer.alloc(1)), false);
        queue.flush();
        queue.drained();
        queue.close();
        assert.equal(stream.calls.length, calls);
      }),
      { numRuns: 200 },
    );
  });

  test("what gathers while a write is under way leaves in as few writes as there are buffers", () => {
    const { stream, queue } = makeQueue();
    stream.isFast = false;
    for (let i = 0; i < 9; i++) {
      queue.append(Buffer.alloc(50, i));
      queue.flush();
    }
    assert.equal(stream.calls.length, 0);
    while (stream.writing) {
      stream.drain();
      queue.drained();
    }
    assert.equal(stream.sent.length, 450);
    assert.ok(stream.calls.length <= 3, `${stream.calls.length} writes`);
  });

  test("a frame or two cost a small buffer only, which grows when more comes", () => {
    const { stream, small, large, queue } = makeQueue();
    put(queue, Buffer.alloc(60, 1));
    assert.deepEqual([small.lent.size, large.lent.size], [1, 0]);
    put(queue, Buffer.alloc(60, 2));
    assert.deepEqual([small.lent.size, large.lent.size], [0, 1]);
    queue.flush();
    assert.deepEqual(stream.sent, Buffer.concat([Buffer.alloc(60, 1), Buffer.alloc(60, 2)]));
    assert.equal(stream.calls.length, 1);
  });

  test("refuses frames when the pools have lent all they may, and goes on when they get something back", () => {
    const stream = new StandInStream();
    const one = { maxFree: 1, maxLent: 1 };
    const pools = {
      small: new BufferPool({ bufferBytes: SMALL_BYTES, ...one }),
      large: new BufferPool({ bufferBytes: BUFFER_BYTES, ...one }),
    };
    const [greedy, other] = [0, 1].map(
      () => new EgressQueue({ stream: asByteStream(stream), pools, ...UNCOUNTED }, { maxQueuedBytes: 10_000 }),
    );
    assert.ok(greedy && other);
    assert.ok(put(greedy, Buffer.alloc(BUFFER_BYTES)));
    assert.equal(put(greedy, Buffer.alloc(BUFFER_BYTES)), false);
    assert.equal(put(other, Buffer.alloc(BUFFER_BYTES)), false);
    greedy.flush();
    assert.ok(put(other, Buffer.alloc(BUFFER_BYTES)));
  });

  test("is alone held by its own bound, and by its share where many others hold buffers", () => {
    const large = new BufferPool({ bufferBytes: BUFFER_BYTES, maxFree: 1, maxLent: 100 });
    const pools = { small: new BufferPool({ bufferBytes: SMALL_BYTES, maxFree: 1, maxLent: 100 }), large };
    const fill = (): number => {
      const stream = new StandInStream();
      stream.isFast = false;
      const queue = new EgressQueue(
        { stream: asByteStream(stream), pools, ...UNCOUNTED },
        { maxQueuedBytes: 10 * BUFFER_BYTES },
      );
      let buffers = 0;
      while (put(queue, Buffer.alloc(BUFFER_BYTES))) {
        buffers++;
        queue.flush();
      }
      return buffers;
    };
    const held = Array.from({ length: 20 }, fill);
    assert.equal(held[0], 10);
    assert.ok(
      held.every((buffers) => buffers > 0),
      `${held}`,
    );
    assert.ok(large.available > 0);
  });

  test("takes a control message when frames have filled it, within a bound", () => {
    const { stream, queue } = makeQueue();
    stream.isFast = false;
    while (put(queue, Buffer.alloc(100)));
    assert.equal(queue.append(Buffer.alloc(120)), true);
    let more = 0;
    while (queue.append(Buffer.alloc(120))) more++;
    assert.ok(more > 0 && more < 100, `${more} more`);
  });
});
