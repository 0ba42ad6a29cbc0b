/** Frames that wait, beside a plain list of what went in: nothing lost without a reason, nothing twice, order in a flow. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Drop, type DropReason } from "../../src/base/drop-reason.ts";
import { FlowQueue } from "../../src/transport/flow-queue.ts";
import { FlowTables } from "../../src/transport/flow-table.ts";
import { CHUNK_BYTES, FrameStore } from "../../src/transport/frame-store.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { HandClock } from "../hand-clock.ts";
import { leastHeapGrowthBytes } from "../heap-growth.ts";

const MACS = Buffer.from("02aa0000000102aa00000002", "hex");
const UDP = 17;
/** From the Ethernet header to the UDP payload. */
const HEADERS_BYTES = 14 + 20 + 8;

/** A UDP frame of a flow, with its number in its payload. `dns` makes it urgent. */
function frameOf(flow: number, serial: number, payloadBytes: number, { dns = false, ecn = 0 } = {}): Buffer {
  const frame = Buffer.alloc(HEADERS_BYTES + Math.max(8, payloadBytes), serial & 0xff);
  MACS.copy(frame);
  frame.writeUInt16BE(0x0800, 12);
  frame.fill(0, 14, HEADERS_BYTES);
  frame.writeUInt8(0x45, 14);
  frame.writeUInt8(ecn, 15);
  frame.writeUInt16BE(frame.length - 14, 16);
  frame.writeUInt8(UDP, 14 + 9);
  frame.writeUInt32BE(0x0a00_0001, 14 + 12);
  frame.writeUInt32BE(0x0a00_0002, 14 + 16);
  frame.writeUInt16BE(1_000 + flow, 34);
  frame.writeUInt16BE(dns ? 53 : 9, 36);
  frame.writeUInt32BE(serial, HEADERS_BYTES);
  return frame;
}

const flowOf = (frame: Buffer): number => frame.readUInt16BE(34) - 1_000;
const serialOf = (frame: Buffer): number => frame.readUInt32BE(HEADERS_BYTES);

interface Bench {
  readonly clock: HandClock;
  readonly store: FrameStore;
  readonly queue: FlowQueue;
  readonly drops: Map<DropReason, number>;
  push(frame: Buffer): DropReason;
  /** The frame that leaves next. */
  pop(): Buffer | undefined;
  dropped(): number;
}

function makeBench(maxBytes = 1 << 20, store = new FrameStore({ maxChunks: 4_096 })): Bench {
  const clock = new HandClock(1_000);
  const drops = new Map<DropReason, number>();
  const onDrop = (reason: DropReason, frames: number): void =>
    void drops.set(reason, (drops.get(reason) ?? 0) + frames);
  const queue = new FlowQueue({ clock, store, tables: new FlowTables(), onDrop });
  queue.maxBytes = maxBytes;
  queue.tick();
  return {
    ...{ clock, store, queue, drops },
    push: (frame) => queue.push(frame, 0, frame.length, false, false),
    pop: () => {
      const bytes = queue.next();
      if (bytes === 0) return undefined;
      assert.equal(queue.next(), bytes, "the choice stands");
      const to = Buffer.alloc(bytes + 2, 0xee);
      queue.take(to, 1, 0);
      assert.deepEqual([to[0], to[bytes + 1]], [0xee, 0xee]);
      assert.deepEqual(to.subarray(1, 1 + VNET_HEADER_BYTES), Buffer.alloc(VNET_HEADER_BYTES));
      return to.subarray(1 + VNET_HEADER_BYTES, bytes + 1);
    },
    dropped: () => [...drops.values()].reduce((a, b) => a + b, 0),
  };
}

type Step =
  | {
      readonly kind: "push";
      readonly flow: number;
      readonly bytes: number;
      readonly dns: boolean;
      readonly ecn: number;
    }
  | { readonly kind: "pop"; readonly count: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "rest" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("push" as const),
      flow: fc.integer({ min: 0, max: 6 }),
      bytes: fc.oneof(fc.integer({ min: 8, max: 1_400 }), fc.integer({ min: 1_400, max: 60_000 })),
      dns: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
      ecn: fc.constantFrom(0, 0, 1, 2, 3),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("pop" as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rest" as const) }) },
);

describe("flow queue", () => {
  test("loses no frame without a reason, sends none twice or changed, keeps each flow's order, and never exceeds its bound", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const maxBytes = 200_000;
        const bench = makeBench(maxBytes);
        const { queue, store, clock } = bench;
        const waiting = new Map<number, Buffer>();
        const lastOf = new Map<string, number>();
        let taken = 0;
        const pop = (): boolean => {
          const frame = bench.pop();
          if (frame === undefined) return false;
          const serial = serialOf(frame);
          const original = waiting.get(serial) as Buffer;
          assert.ok(original, "came once, and leaves once");
          waiting.delete(serial);
          // A mark and its checksum may differ.
          assert.deepEqual(frame.subarray(26), original.subarray(26));
          const flow = `${flowOf(frame)} ${frame.readUInt16BE(36)}`;
          assert.ok(serial > (lastOf.get(flow) ?? -1), "in order");
          lastOf.set(flow, serial);
          return true;
        };
        for (const [serial, one] of steps.entries()) {
          if (one.kind === "wait") {
            clock.advance(one.ms);
            queue.tick();
          } else if (one.kind === "rest") queue.rest();
          else if (one.kind === "pop") for (let i = 0; i < one.count && pop(); i++);
          else {
            const frame = frameOf(one.flow, serial, one.bytes, one);
            if (bench.push(frame) === Drop.none) {
              taken++;
              waiting.set(serial, frame);
            }
          }
          assert.ok((4_096 - store.availableChunks) * CHUNK_BYTES <= maxBytes + CHUNK_BYTES, "within its bound");
        }
        while (pop());
        assert.equal(waiting.size, bench.dropped());
        assert.ok(taken >= bench.dropped());
        assert.deepEqual([queue.frames, queue.bytes, queue.isEmpty], [0, 0, true]);
        assert.equal(store.availableChunks, 4_096);
      }),
      { numRuns: 200 },
    );
  });

  test("counts its bytes exactly, and gives everything back when it is cleared", () => {
    const { queue, store, push, drops } = makeBench();
    let bytes = 0;
    for (const [i, length] of [8, 100, 2_048, 40_000].entries()) {
      const frame = frameOf(i, i, length);
      bytes += VNET_HEADER_BYTES + frame.length;
      push(frame);
    }
    assert.deepEqual([queue.bytes, queue.frames], [bytes, 4]);
    queue.next();
    queue.clear(Drop.portClosed);
    assert.deepEqual([queue.bytes, queue.frames, queue.next()], [0, 0, 0]);
    assert.deepEqual([...drops], [[Drop.portClosed, 4]]);
    assert.equal(store.availableChunks, 4_096);
    queue.clear(Drop.portClosed);
  });

  test("gives flows the same share in bytes, whatever the size of their frames", () => {
    const { push, pop } = makeBench(4 << 20, new FrameStore());
    for (let i = 0; i < 900; i++) push(frameOf(1, i, 100));
    for (let i = 0; i < 200; i++) push(frameOf(2, i, 1_400));
    for (let i = 0; i < 10; i++) push(frameOf(3, i, 14_000));
    const bytes = [0, 0, 0, 0];
    for (let sent = 0; sent < 200_000; ) {
      const frame = pop() as Buffer;
      bytes[flowOf(frame)] = (bytes[flowOf(frame)] as number) + frame.length;
      sent += frame.length;
    }
    const [, ...shares] = bytes;
    assert.ok(Math.max(...shares) - Math.min(...shares) < 20_000, `${shares}`);
  });

  test("lets a flow that sends little go before those that have a queue, each time", () => {
    const { push, pop } = makeBench();
    for (let i = 0; i < 100; i++) for (const flow of [1, 2]) push(frameOf(flow, i, 1_400));
    for (let i = 0; i < 20; i++) {
      push(frameOf(3, i, 200));
      const flows = [pop(), pop(), pop(), pop()].map((frame) => flowOf(frame as Buffer));
      // At the beginning all are new.
      if (i > 0) assert.ok(flows.includes(3), `${i}: ${flows}`);
    }
  });

  test("sends what is urgent first, in a share that starves nobody, and never before what waits of its own flow", () => {
    const { push, pop } = makeBench();
    for (let i = 0; i < 40; i++) push(frameOf(1, i, 1_400));
    push(frameOf(9, 0, 40, { dns: true }));
    assert.equal(flowOf(pop() as Buffer), 9);
    for (let i = 0; i < 100; i++) push(frameOf(10 + i, i, 500, { dns: true }));
    let urgentBytes = 0;
    let otherBytes = 0;
    while (otherBytes < 35 * 1_400) {
      const frame = pop() as Buffer;
      if (flowOf(frame) === 1) otherBytes += frame.length;
      else urgentBytes += frame.length;
    }
    assert.ok(urgentBytes > 20_000 && urgentBytes < 8_192 + 35 * 1_460 * 0.34 + 1_000, `${urgentBytes}`);
    const large = frameOf(7, 1, 1_400, { dns: true });
    const small = frameOf(7, 2, 40, { dns: true });
    const other = makeBench();
    for (const frame of [large, small]) other.push(frame);
    assert.deepEqual([other.pop(), other.pop()], [large, small]);
  });

  test("full, drops the oldest of the flow that takes most, and an unresponsive flood does not touch the others", () => {
    const { push, pop, drops, queue } = makeBench(256 * CHUNK_BYTES);
    for (let i = 0; i < 20; i++) push(frameOf(1, i, 1_000));
    for (let i = 0; i < 5_000; i++) assert.equal(push(frameOf(2, i, 1_000)), Drop.none);
    assert.ok((drops.get(Drop.egressFull) ?? 0) > 4_700);
    const left = new Map<number, number[]>();
    for (let frame = pop(); frame !== undefined; frame = pop()) {
      left.set(flowOf(frame), [...(left.get(flowOf(frame)) ?? []), serialOf(frame)]);
    }
    assert.deepEqual(
      left.get(1),
      Array.from({ length: 20 }, (_, i) => i),
    );
    assert.equal(left.get(2)?.at(-1), 4_999, "the newest of the flood is there");
    assert.ok(queue.isEmpty);
  });

  test("drops frames older than two seconds, for that reason", () => {
    const { push, pop, drops, clock, queue } = makeBench();
    for (let i = 0; i < 3; i++) push(frameOf(1, i, 1_000));
    clock.advance(2_001);
    queue.tick();
    push(frameOf(1, 3, 1_000));
    assert.equal(serialOf(pop() as Buffer), 3);
    assert.deepEqual([...drops], [[Drop.egressStale, 3]]);
  });

  test("signals a standing queue by drops, or by marks where the sender takes them", () => {
    for (const ecn of [0, 2]) {
      const { push, pop, drops, clock, queue } = makeBench();
      let marked = 0;
      for (let i = 0; i < 1_000; i++) {
        push(frameOf(1, i, 1_000, { ecn }));
        clock.advance(1);
        queue.tick();
        // 20 wait, 20 ms each: above the target for good.
        if (i < 20) continue;
        const frame = pop() as Buffer;
        if ((frame.readUInt8(15) & 3) === 3) marked++;
      }
      assert.equal(queue.ecnMarks, marked);
      if (ecn === 0) assert.ok((drops.get(Drop.egressLate) ?? 0) >= 8 && marked === 0, `${[...drops]}`);
      else assert.ok(marked > 8 && drops.size === 0, `${marked}`);
    }
  });

  test("is held by its share where many queues hold much, and one that holds nothing gets room", () => {
    const store = new FrameStore({ maxChunks: 1_024 });
    const queues = Array.from({ length: 30 }, () => makeBench(400 * CHUNK_BYTES, store));
    for (const { push } of queues) for (let i = 0; i < 500; i++) push(frameOf(1, i, 1_000));
    assert.ok(store.availableChunks > 0);
    assert.ok(queues.every(({ queue }) => queue.frames > 0));
    for (const { queue } of queues) queue.clear(Drop.portClosed);
    assert.equal(store.availableChunks, 1_024);
    assert.ok(store.heldBytes <= 512 * 1_024, "memory goes back");
  });

  test("takes and gives frames without allocating per frame", () => {
    const { queue } = makeBench();
    const frame = frameOf(1, 1, 20, { ecn: 2 });
    const to = new Uint8Array(200);
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        if (i % 500 === 0) queue.tick();
        frame[35] = i & 7;
        queue.push(frame, 0, frame.length, false, false);
        if (i % 7 === 6) for (let left = 7; left > 0 && queue.next() > 0; left--) queue.take(to, 0, 0);
      }
      queue.clear(Drop.portClosed);
    });
    assert.ok(growth < 400_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });
});
