import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import { CHUNK_BYTES, FrameStore } from "../../../src/transport/frame-store.ts";
import { HoldQueue, MAX_HELD_BYTES } from "../../../src/transport/hold-queue.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { superFrame } from "../../contract/test-frames.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { ethernetFrame } from "../../host.ts";

const SERVER = "02:00:00:00:00:ff";
const CHUNKS = MAX_HELD_BYTES / CHUNK_BYTES;

/** A frame of a flow of its own for each number. */
const frameOf = (flow: number, payload: string | Buffer = "x"): Buffer =>
  ethernetFrame(
    SERVER,
    `02:00:00:00:${(flow >> 8).toString(16).padStart(2, "0")}:${(flow & 255).toString(16).padStart(2, "0")}`,
    payload,
  );

const MAX_HELD_MS = 10_000;

describe("hold queue", () => {
  let store: FrameStore;
  let lost: DropReason[];
  let queue: HoldQueue;
  beforeEach(() => {
    store = new FrameStore({ maxChunks: 16_384 });
    lost = [];
    queue = new HoldQueue({ store, onLost: (reason) => lost.push(reason) }, { maxHeldMs: MAX_HELD_MS });
  });

  const take = (bytes: Buffer, nowMs = 0, to = queue): DropReason =>
    to.take(new Frame(bytes).set(bytes, 0, bytes.length, false), nowMs);

  /** What it gives out; all of it is taken. */
  function drained(nowMs = 0): Buffer[] {
    const frames: Buffer[] = [];
    queue.drainTo(({ bytes, start, end }) => {
      frames.push(Buffer.from(bytes.subarray(start, end)));
      return Drop.none;
    }, nowMs);
    return frames;
  }

  test("gives back what it took, each flow in its order, and is empty then", () => {
    const frames = [frameOf(1, "a"), frameOf(2, "b"), frameOf(1, "c"), frameOf(2, "d")];
    for (const frame of frames) assert.equal(take(frame), Drop.none);
    assert.equal(queue.frames, 4);
    const given = drained();
    for (const flow of [1, 2]) {
      const ofFlow = (all: readonly Buffer[]): string[] =>
        all
          .filter((one) => one.subarray(6, 12).equals(frameOf(flow).subarray(6, 12)))
          .map((one) => one.toString("utf8", 14));
      assert.deepEqual(ofFlow(given), ofFlow(frames));
    }
    assert.deepEqual([queue.frames, lost.length, store.availableChunks], [0, 0, 16_384]);
  });

  test("keeps super-frames whole, with their virtio-net headers; others get an empty one", () => {
    const bytes = superFrame(30_000);
    queue.take(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true), 0);
    take(frameOf(1));
    const given: Buffer[] = [];
    queue.drainTo((frame) => {
      assert.equal(frame.hasVnetHeader, true);
      given.push(Buffer.from(frame.bytes.subarray(frame.start - VNET_HEADER_BYTES, frame.end)));
      return Drop.none;
    }, 0);
    const ordinary = Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), frameOf(1)]);
    assert.deepEqual(
      given.sort((a, b) => b.length - a.length),
      [bytes, ordinary],
    );
  });

  test("keeps the newest of a flow that does not fit", () => {
    for (let i = 0; i < CHUNKS + 50; i++) assert.equal(take(frameOf(1, `frame ${i}`)), Drop.none);
    assert.deepEqual(lost, new Array(50).fill(Drop.egressFull));
    const given = drained().map((bytes) => Number(bytes.toString("utf8", 14).replace("frame ", "")));
    assert.deepEqual(
      given,
      Array.from({ length: CHUNKS }, (_, i) => i + 50),
    );
  });

  test("keeps the one frame of a small flow, whatever a large one does before and after", () => {
    for (let i = 0; i < CHUNKS; i++) take(frameOf(1, `before ${i}`));
    const small = [2, 3, 4, 5, 6, 7, 8, 9].map((flow) => frameOf(flow, "small"));
    for (const frame of small) assert.equal(take(frame), Drop.none);
    for (let i = 0; i < 3 * CHUNKS; i++) take(frameOf(1, Buffer.alloc(1_400)));
    const kept = drained().filter((bytes) => small.some((frame) => frame.equals(bytes)));
    // One or two may happen to be in the large one's bucket.
    assert.ok(kept.length >= 6, `${kept.length} of 8`);
  });

  test("a super-frame has no room where many small flows wait", () => {
    for (let flow = 0; flow < CHUNKS; flow++) take(frameOf(flow));
    const bytes = superFrame(60_000);
    assert.equal(queue.take(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true), 0), Drop.egressFull);
    assert.deepEqual([queue.frames, lost.length], [CHUNKS, 0]);
  });

  test("does not give out what is stale, or what is not taken, and tells of both", () => {
    take(frameOf(1, "old"), 0);
    take(frameOf(1, "new"), 1);
    assert.deepEqual(drained(MAX_HELD_MS + 1), [frameOf(1, "new")]);
    assert.deepEqual(lost, [Drop.egressStale]);
    take(frameOf(1), 0);
    queue.drainTo(() => Drop.egressFull, 0);
    assert.deepEqual(lost, [Drop.egressStale, Drop.egressFull]);
  });

  test("leaves room for other sessions where memory is short", () => {
    const small = new FrameStore({ maxChunks: 256 });
    const queues = Array.from(
      { length: 8 },
      () => new HoldQueue({ store: small, onLost: () => {} }, { maxHeldMs: MAX_HELD_MS }),
    );
    for (const one of queues) for (let i = 0; i < 200; i++) take(frameOf(i), 0, one);
    for (const [index, { frames }] of queues.entries()) assert.ok(frames > 0, `session ${index} holds nothing`);
    for (const one of queues) one.clear();
    assert.equal(small.availableChunks, 256);
  });

  test("refuses what no frame can be", () => {
    assert.equal(take(Buffer.alloc(70_000)), Drop.tooBig);
  });

  test("takes frames without allocating, full or not", () => {
    const frames = Array.from({ length: 64 }, (_, flow) => frameOf(flow, Buffer.alloc(80)));
    const frame = new Frame(Buffer.alloc(0));
    const quiet = new HoldQueue({ store, onLost: () => {} }, { maxHeldMs: MAX_HELD_MS });
    const grown = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 20_000; i++) {
        const bytes = frames[i % frames.length] as Buffer;
        quiet.take(frame.set(bytes, 0, bytes.length, false), i);
      }
    });
    assert.ok(grown < 20_000, `grew by ${grown} bytes over 20,000 frames`);
  });
});
