import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { BufferPool } from "../../src/transport/buffer-pool.ts";
import { EgressQueue } from "../../src/transport/egress-queue.ts";
import { asByteStream, StandInStream } from "../stand-in-stream.ts";

const BUFFER_BYTES = 256;
const MAX_QUEUED_BYTES = 1_000;

class CountingPool extends BufferPool {
  readonly lent = new Set<Buffer>();
  mostLent = 0;

  override take(): Buffer {
    const buffer = super.take();
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

function makeQueue(): { stream: StandInStream; pool: CountingPool; queue: EgressQueue } {
  const stream = new StandInStream();
  const pool = new CountingPool({ bufferBytes: BUFFER_BYTES, maxFree: 4 });
  const queue = new EgressQueue({ stream: asByteStream(stream), pool }, { maxQueuedBytes: MAX_QUEUED_BYTES });
  return { stream, pool, queue };
}

describe("egress queue", () => {
  test("sends what it took, all of it and in order, never holds more than its bound, and gives every buffer back", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const { stream, pool, queue } = makeQueue();
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
            const isTaken = queue.append(message);
            assert.equal(isTaken, before + one.bytes <= MAX_QUEUED_BYTES, "refused only when it does not fit");
            if (isTaken) taken.push(message);
          }
          assert.ok(queue.queuedBytes <= MAX_QUEUED_BYTES);
          assert.equal(queue.queuedBytes > 0, pool.lent.size > 0, "who has nothing to send holds no buffer");
        }
        queue.flush();
        stream.isFast = true;
        while (stream.writing) drain();
        assert.deepEqual(stream.sent, Buffer.concat(taken));
        assert.equal(queue.queuedBytes, 0);
        assert.equal(pool.lent.size, 0);
        // Each sealed buffer is more than half full together with its neighbour; one may be sending, one filling.
        assert.ok(pool.mostLent <= 2 * Math.ceil(MAX_QUEUED_BYTES / BUFFER_BYTES) + 2);
      }),
      { numRuns: 300 },
    );
  });

  test("closed at any moment it takes and sends no more, and keeps no buffer but the one the kernel may be reading", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const { stream, pool, queue } = makeQueue();
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
        assert.ok(pool.lent.size <= (stream.writing ? 1 : 0));
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
});
