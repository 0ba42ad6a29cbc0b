import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import { BatchWriter } from "../../../src/transport/batch-writer.ts";
import { EgressQueue } from "../../../src/transport/egress-queue.ts";
import { MaskKeys } from "../../../src/transport/mask-keys.ts";
import { MessagePacker } from "../../../src/transport/message-packer.ts";
import { type FrameSink, MessageWriter } from "../../../src/transport/message-writer.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { OFFLOAD_ALL, Offload, type OffloadSet } from "../../../src/wire/offload.ts";
import { Segmenter } from "../../../src/wire/segment.ts";
import { sanitizeVnetHeader, VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import type { Dialect } from "../../../src/wire/websocket-decoder.ts";
import { superFrame, testFrame } from "../../contract/test-frames.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { asByteStream, StandInStream } from "../../stand-in-stream.ts";
import { testPools, UNCOUNTED } from "../../test-pools.ts";
import { decodeMessages } from "./decoded-messages.ts";

const NO_HEADER = Buffer.alloc(VNET_HEADER_BYTES);

interface Written {
  readonly drop: DropReason;
  /** What the peer reads. */
  readonly messages: readonly Buffer[];
  readonly wire: Buffer;
}

interface WriterOptions {
  readonly dialect: Dialect;
  readonly role?: "client" | "server";
  readonly peerOffloads?: OffloadSet;
  readonly maxQueuedBytes?: number;
}

/** Writes a frame with its virtio-net header, or without one, and decodes what the peer gets. */
function write(bytes: Buffer, hasVnetHeader: boolean, options: WriterOptions): Written {
  const { dialect, role = "server", peerOffloads = Offload.none, maxQueuedBytes = 1 << 20 } = options;
  const stream = new StandInStream();
  const pools = testPools(256 * 1024);
  const queue = new EgressQueue({ stream: asByteStream(stream), pools, ...UNCOUNTED }, { maxQueuedBytes });
  const maskKeys = role === "client" ? new MaskKeys() : undefined;
  const segmenter = new Segmenter({ headroom: 16 });
  const packer = new MessagePacker({ queue, maskKeys, mask: maskBytes }, dialect);
  const writer = new MessageWriter({ segmenter, sink: sinkOf(packer) }, dialect);
  writer.peerOffloads = peerOffloads;
  const borrowed = Buffer.concat([Buffer.alloc(5, 0xee), bytes, Buffer.alloc(5, 0xee)]);
  const start = 5 + (hasVnetHeader ? VNET_HEADER_BYTES : 0);
  const drop = writer.write(new Frame(borrowed).set(borrowed, start, 5 + bytes.length, hasVnetHeader));
  // The frame was borrowed: what happens to its bytes now is no concern of the queue.
  borrowed.fill(0xdd);
  queue.flush();
  const wire = stream.sent;
  return { drop, wire, messages: decodeMessages(wire, role === "server" ? "client" : "server", dialect) };
}

const sinkOf =
  (packer: MessagePacker): FrameSink =>
  (bytes, start, end, hasVnetHeader, isPart) =>
    packer.pack(bytes, start, end, hasVnetHeader, isPart) ? Drop.none : Drop.egressFull;

const plain = (frame: Buffer): Buffer => Buffer.concat([NO_HEADER, frame]);

/** The sequence number and payload length of a TCP segment made from `superFrame`. */
const tcpOf = (frame: Buffer): readonly number[] => [frame.readUInt32BE(14 + 20 + 4), frame.length - 14 - 40];

describe("message writer", () => {
  for (const role of ["server", "client"] as const) {
    for (const length of [14, 60, 115, 116, 125, 126, 1514, 1518]) {
      test(`a frame of ${length} bytes from a ${role} arrives as it was, in both dialects`, () => {
        const frame = testFrame(length, 7);
        for (const [bytes, hasHeader] of [
          [frame, false],
          [plain(frame), true],
        ] as const) {
          assert.deepEqual(write(bytes, hasHeader, { dialect: "v1", role }).messages, [frame]);
          assert.deepEqual(write(bytes, hasHeader, { dialect: "v2", role }).messages, [plain(frame)]);
        }
      });
    }
  }

  test("a client masks with a new key each time, a server does not mask", () => {
    const frame = testFrame(60, 7);
    const fromServer = write(frame, false, { dialect: "v2" }).wire;
    assert.deepEqual(fromServer, Buffer.concat([Buffer.from([0x82, 70]), NO_HEADER, frame]));
    const keys = [1, 2, 3].map(() => write(frame, false, { dialect: "v2", role: "client" }).wire);
    for (const wire of keys) assert.deepEqual([wire[0], wire[1]], [0x82, 0x80 | 70]);
    assert.equal(new Set(keys.map((wire) => wire.readUInt32BE(2))).size, 3);
  });

  test("a super-frame goes whole to a v2 peer that takes its kind, header and all", () => {
    const bytes = superFrame(20_000);
    const { drop, messages } = write(bytes, true, { dialect: "v2", peerOffloads: OFFLOAD_ALL });
    assert.equal(drop, Drop.none);
    assert.deepEqual(messages, [bytes]);
    assert.ok(sanitizeVnetHeader(messages[0] as Buffer, 0, bytes.length), "the peer will believe it");
  });

  for (const [who, options] of [
    ["a v1 peer", { dialect: "v1" }],
    ["a v2 peer that said nothing yet", { dialect: "v2" }],
    ["a v2 peer without TSO", { dialect: "v2", peerOffloads: Offload.csum | Offload.tso6 }],
  ] as const) {
    test(`a super-frame for ${who} is cut into segments`, () => {
      const { drop, messages } = write(superFrame(2_500), true, options);
      assert.equal(drop, Drop.none);
      const frames = messages.map((message) =>
        options.dialect === "v2" ? message.subarray(VNET_HEADER_BYTES) : message,
      );
      assert.deepEqual(frames.map(tcpOf), [
        [1, 1000],
        [1001, 1000],
        [2001, 500],
      ]);
      if (options.dialect === "v2")
        for (const message of messages) assert.deepEqual(message.subarray(0, 10), NO_HEADER);
    });
  }

  test("a checksum left to the device is completed for a v1 peer", () => {
    // NEEDS_CSUM, no gso, csum_start 34, csum_offset 16
    const bytes = Buffer.concat([Buffer.from("01000000000022001000", "hex"), superFrame(100).subarray(10)]);
    const [whole] = write(bytes, true, { dialect: "v2", peerOffloads: Offload.csum }).messages;
    assert.deepEqual(whole, bytes);
    const [summed] = write(bytes, true, { dialect: "v1" }).messages;
    assert.equal(summed?.length, bytes.length - 10);
    assert.notEqual(summed?.readUInt16BE(34 + 16), 0);
  });

  test("a v1 peer gets no frame larger than the C client holds", () => {
    assert.equal(write(testFrame(1518), false, { dialect: "v1" }).drop, Drop.none);
    const { drop, messages } = write(testFrame(1519), false, { dialect: "v1" });
    assert.deepEqual([drop, messages], [Drop.tooBig, []]);
    assert.equal(write(testFrame(9_000), false, { dialect: "v2" }).drop, Drop.none);
    assert.equal(write(superFrame(2_000), true, { dialect: "v1" }).drop, Drop.none);
  });

  test("what does not fit into the queue is refused with its reason, and leaves no half message", () => {
    assert.deepEqual(write(testFrame(200), false, { dialect: "v2", maxQueuedBytes: 200 }), {
      drop: Drop.egressFull,
      messages: [],
      wire: Buffer.alloc(0),
    });
    const { drop, messages } = write(superFrame(2_500), true, { dialect: "v1", maxQueuedBytes: 2_200 });
    assert.equal(drop, Drop.none, "the frame counts with its first segment");
    assert.equal(messages.length, 2, "segments that did fit are whole");
    assert.equal(write(superFrame(2_500), true, { dialect: "v1", maxQueuedBytes: 900 }).drop, Drop.egressFull);
  });
});

/** A batch as a device makes it: each frame with a virtio-net header and at least 16 bytes of headroom. */
function layOut(frames: readonly Buffer[], gaps: readonly number[]): { bytes: Buffer; spans: Uint32Array } {
  const parts: Buffer[] = [];
  const spans = new Uint32Array(2 * frames.length);
  let at = 0;
  for (const [i, frame] of frames.entries()) {
    const gap = 16 + (gaps[i % Math.max(1, gaps.length)] ?? 0);
    parts.push(Buffer.alloc(gap, 0xee), frame);
    spans[2 * i] = at + gap + VNET_HEADER_BYTES;
    at += gap + frame.length;
    spans[2 * i + 1] = at;
  }
  return { bytes: Buffer.concat(parts), spans };
}

const makeBatchWriter = (stream: StandInStream): BatchWriter =>
  new BatchWriter({ stream: asByteStream(stream), maskKeys: new MaskKeys(), mask: maskBytes });

describe("batch writer", () => {
  const size = fc.oneof(
    fc.integer({ min: 14, max: 130 }),
    fc.integer({ min: 1400, max: 2100 }),
    fc.integer({ min: 60_000, max: 65_549 }),
  );

  test("a batch of any sizes and gaps arrives as the messages it is, in one system call", () => {
    fc.assert(
      fc.property(fc.array(size, { maxLength: 24 }), fc.array(fc.nat(40)), fc.boolean(), (sizes, gaps, isFast) => {
        const stream = new StandInStream();
        stream.isFast = isFast;
        const frames = sizes.map((bytes, i) => plain(testFrame(bytes, i)));
        const { bytes, spans } = layOut(frames, gaps);
        const isFree = makeBatchWriter(stream).write(bytes, spans, frames.length);
        assert.equal(isFree, isFast || frames.length === 0);
        if (stream.writing) stream.drain();
        assert.equal(stream.calls.length, Math.min(1, frames.length));
        const got = decodeMessages(stream.sent, "server", "v2");
        assert.deepEqual(
          got.map((one) => one.length),
          frames.map((one) => one.length),
        );
        assert.ok(got.every((one, i) => one.equals(frames[i] as Buffer)));
      }),
      { numRuns: 60 },
    );
  });

  test("super-frames keep their virtio-net header, and every message has a key of its own", () => {
    const stream = new StandInStream();
    const frames = [superFrame(30_000), plain(testFrame(60, 1)), superFrame(2_000)];
    const { bytes, spans } = layOut(frames, [0, 7]);
    makeBatchWriter(stream).write(bytes, spans, 3);
    assert.deepEqual(decodeMessages(stream.sent, "server", "v2"), frames);
  });

  test("only the frames counted are sent", () => {
    const stream = new StandInStream();
    const frames = [plain(testFrame(60, 1)), plain(testFrame(60, 2))];
    const { bytes, spans } = layOut(frames, []);
    makeBatchWriter(stream).write(bytes, spans, 1);
    assert.deepEqual(decodeMessages(stream.sent, "server", "v2"), frames.slice(0, 1));
  });
});

test("mask keys are drawn over again without end, and no two thousand of them are alike", () => {
  const keys = new MaskKeys();
  const drawn = Array.from({ length: 3_000 }, () => keys.next());
  assert.ok(drawn.every((key) => Number.isInteger(key) && key === (key | 0)));
  assert.ok(new Set(drawn).size > 2_990);
});

test("queueing frames for a peer allocates nothing per frame", () => {
  const stream = { writing: false, write: () => true, writePieces: () => true } as unknown as StandInStream;
  const pools = testPools(256 * 1024);
  const queue = new EgressQueue({ stream: asByteStream(stream), pools, ...UNCOUNTED }, { maxQueuedBytes: 1 << 20 });
  const packer = new MessagePacker({ queue, maskKeys: undefined, mask: maskBytes }, "v2");
  const writer = new MessageWriter({ segmenter: new Segmenter({ headroom: 16 }), sink: sinkOf(packer) }, "v2");
  const bytes = testFrame(60);
  const frame = new Frame(bytes).set(bytes, 0, bytes.length, false);
  const growth = leastHeapGrowthBytes(() => {
    for (let i = 0; i < 100_000; i++) {
      writer.write(frame);
      // A batch of 500: what a flush allocates does not count per frame.
      if (i % 500 === 499) queue.flush();
    }
  });
  assert.ok(growth < 400_000, `the heap grew by ${growth} bytes over 100,000 frames`);
});
