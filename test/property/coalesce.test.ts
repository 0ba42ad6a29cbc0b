import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Drop } from "../../src/base/drop-reason.ts";
import { type CoalescedSink, Coalescer } from "../../src/wire/coalesce.ts";
import { Frame } from "../../src/wire/frame.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";
import { Segmenter } from "../../src/wire/segment.ts";
import { sanitizeVnetHeader, VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { naiveChecksum, naiveSegments, type SuperFrame, superFrameArbitrary, superFrameBytes } from "./super-frame.ts";

interface Written {
  /** With its virtio-net header, if it has one. */
  readonly bytes: Buffer;
  readonly hasVnetHeader: boolean;
  readonly frames: number;
  readonly frameBytes: number;
}

/** Looks at what it was lent as late as it may. */
class LateSink implements CoalescedSink {
  readonly written: Written[] = [];
  #lent: { frame: Frame; frames: number; frameBytes: number }[] = [];

  write({ bytes, start, end, hasVnetHeader }: Frame, frames: number, frameBytes: number): void {
    const frame = new Frame(bytes).set(bytes, start, end, hasVnetHeader);
    this.#lent.push({ frame, frames, frameBytes });
  }

  release(): void {
    for (const { frame, frames, frameBytes } of this.#lent) {
      const { bytes, start, end, hasVnetHeader } = frame;
      const from = hasVnetHeader ? start - VNET_HEADER_BYTES : start;
      this.written.push({ bytes: Buffer.from(bytes.subarray(from, end)), hasVnetHeader, frames, frameBytes });
    }
    this.#lent = [];
  }
}

/** What comes out of these frames, which lie behind each other in one buffer, flushed after each of the given numbers. */
function coalesce(frames: readonly (readonly number[])[], flushAfter: readonly number[] = []): Written[] {
  const sink = new LateSink();
  const coalescer = new Coalescer(sink, OFFLOAD_ALL);
  const bytes = Uint8Array.from(frames.flat());
  const frame = new Frame(bytes);
  let at = 0;
  frames.forEach(({ length }, i) => {
    coalescer.push(frame.set(bytes, at, at + length, false));
    at += length;
    if (flushAfter.includes(i)) coalescer.flush();
  });
  coalescer.flush();
  return sink.written;
}

/** The ordinary frames that this stands for. */
function cut({ bytes, hasVnetHeader }: Written): Buffer[] {
  const frames: Buffer[] = [];
  const start = hasVnetHeader ? VNET_HEADER_BYTES : 0;
  const frame = new Frame(bytes).set(bytes, start, bytes.length, hasVnetHeader);
  const drop = new Segmenter({ headroom: 0 }).segment(frame, 0x20000, (cutBytes, from, to) => {
    frames.push(Buffer.from(cutBytes.subarray(from, to)));
  });
  assert.equal(drop, Drop.none);
  return frames;
}

/** As most TCP data is: nothing but data in its headers. */
const plainSuperFrame = superFrameArbitrary.chain((superFrame) =>
  fc.boolean().map((isPushed): SuperFrame => {
    const tcpFlags = isPushed ? 0x18 : 0x10;
    const { destination } = superFrame.packet;
    const plain = {
      protocol: "tcp",
      ipv4Options: [],
      ipv6Extensions: [],
      finalDestination: destination,
      tcpFlags,
    } as const;
    return { ...superFrame, ecn: false, packet: { ...superFrame.packet, ...plain } };
  }),
);

test("the segments of a super-frame become that super-frame", () => {
  fc.assert(
    fc.property(plainSuperFrame, (superFrame) => {
      const segments = naiveSegments(superFrame);
      const written = coalesce(segments);
      const frameBytes = segments.flat().length;
      assert.deepEqual(
        written.map(({ frames, frameBytes }) => [frames, frameBytes]),
        [[segments.length, frameBytes]],
      );
      const expected = segments.length === 1 ? segments.flat() : superFrameBytes(superFrame);
      assert.deepEqual(written[0]?.bytes, Buffer.from(expected));
    }),
    { numRuns: 300 },
  );
});

/** What happens to a frame on its way. `mended`: somebody changed it, and set the checksums right. */
interface Mishap {
  readonly kind: "changed" | "mended" | "lost" | "doubled" | "late" | "cut";
  readonly frame: number;
  readonly at: number;
  readonly value: number;
}

const mishap: fc.Arbitrary<Mishap> = fc.record({
  kind: fc.constantFrom("changed", "mended", "mended", "lost", "doubled", "late", "cut"),
  frame: fc.nat(),
  at: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 80 }) }, { weight: 1, arbitrary: fc.nat() }),
  value: fc.oneof(
    fc.integer({ min: 1, max: 255 }),
    fc.integer({ min: 0, max: 7 }).map((bit) => 1 << bit),
  ),
});

const stream = fc
  .record({
    superFrames: fc.array(
      fc.oneof({ weight: 6, arbitrary: plainSuperFrame }, { weight: 1, arbitrary: superFrameArbitrary }),
      { minLength: 1, maxLength: 4 },
    ),
    mishaps: fc.array(mishap, { maxLength: 6 }),
    flushAfter: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 3 }),
  })
  .map(({ superFrames, mishaps, flushAfter }) => {
    const frames = superFrames.flatMap(naiveSegments);
    for (const one of mishaps) happen(frames, one);
    return { frames, flushAfter };
  });

function happen(frames: number[][], { kind, frame: index, at, value }: Mishap): void {
  const i = index % Math.max(1, frames.length);
  const frame = frames[i];
  if (frame === undefined) return;
  if (kind === "lost" || kind === "late") frames.splice(i, 1);
  if (kind === "late") frames.splice(i + 1, 0, frame);
  if (kind === "doubled") frames.splice(i, 0, [...frame]);
  if (kind === "cut") frame.length = Math.max(14, frame.length - value);
  if (kind === "changed" || kind === "mended") (frame[at % frame.length] as number) ^= value;
  if (kind === "mended") mend(frame);
}

/** Sets the checksums right, of whatever the frame is now. */
function mend(frame: number[]): void {
  const network = networkOffset(frame);
  const isIpv4 = frame[network - 2] === 0x08;
  const transport = network + (isIpv4 ? 4 * ((frame[network] ?? 0) & 0x0f) : 40);
  if (transport + 20 > frame.length) return;
  if (isIpv4) put16(frame, network + 10, 0);
  if (isIpv4) put16(frame, network + 10, naiveChecksum(frame.slice(network, transport)));
  const addresses = frame.slice(network + (isIpv4 ? 12 : 8), network + (isIpv4 ? 20 : 40));
  const length = frame.length - transport;
  put16(frame, transport + 16, 0);
  const pseudoHeader = [...addresses, 0, 6, length >>> 8, length & 0xff];
  put16(frame, transport + 16, naiveChecksum([...pseudoHeader, ...frame.slice(transport)]) || 0xffff);
}

function networkOffset(frame: readonly number[]): number {
  let network = 14;
  for (let tags = 0; tags < 2 && [0x81, 0x88].includes(frame[network - 2] ?? 0); tags++) network += 4;
  return network;
}

function put16(frame: number[], at: number, value: number): void {
  frame[at] = value >>> 8;
  frame[at + 1] = value & 0xff;
}

/** The frame with what may differ made equal: the identification of IPv4 packets nobody may fragment, a sum of zero. */
function normalized(frame: Buffer): Buffer {
  const bytes = Buffer.from(frame);
  const network = networkOffset([...frame.subarray(0, 22)]);
  if (bytes.length < network + 40) return bytes;
  const isIpv4 = bytes[network - 2] === 0x08;
  if (isIpv4 && ((bytes[network + 6] as number) & 0x40) !== 0) {
    bytes.writeUInt16BE(0, network + 4);
    bytes.writeUInt16BE(0, network + 10);
  }
  const checksum = network + (isIpv4 ? 20 : 40) + 16;
  if (bytes.length >= checksum + 2 && bytes.readUInt16BE(checksum) === 0) bytes.writeUInt16BE(0xffff, checksum);
  return bytes;
}

test("whatever comes out stands for the frames that went in, in their order, and a peer would believe it", () => {
  let joined = 0;
  let single = 0;
  fc.assert(
    fc.property(stream, ({ frames, flushAfter }) => {
      const written = coalesce(frames, flushAfter);
      for (const one of written) {
        if (one.frames === 1) single++;
        else joined += one.frames;
        assert.equal(one.hasVnetHeader, one.frames > 1);
        const segments = cut(one);
        assert.equal(segments.length, one.frames);
        assert.equal(
          segments.reduce((bytes, { length }) => bytes + length, 0),
          one.frameBytes,
        );
        if (one.hasVnetHeader) assert.ok(sanitizeVnetHeader(Buffer.from(one.bytes), 0, one.bytes.length));
        if (one.frames > 1) assert.ok(frames.length >= one.frames);
      }
      const sent = frames.map((frame) => normalized(Buffer.from(frame)));
      assert.deepEqual(written.flatMap(cut).map(normalized), sent);
    }),
    { numRuns: 2_000, includeErrorInReport: true },
  );
  assert.ok(joined > 500 && single > 500, `${joined} joined, ${single} not: the property says little`);
});

test("a frame of a virtio-net header with something to do in it passes as it is, behind what was open", () => {
  fc.assert(
    fc.property(plainSuperFrame, superFrameArbitrary, (before, superFrame) => {
      const sink = new LateSink();
      const coalescer = new Coalescer(sink, OFFLOAD_ALL);
      const segments = naiveSegments(before);
      for (const segment of segments) {
        const bytes = Uint8Array.from(segment);
        coalescer.push(new Frame(bytes).set(bytes, 0, bytes.length, false));
      }
      const bytes = Uint8Array.from(superFrameBytes(superFrame));
      coalescer.push(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true));
      coalescer.flush();
      assert.deepEqual(
        sink.written.map(({ frames }) => frames),
        [segments.length, 1],
      );
      assert.deepEqual(sink.written[1]?.bytes, Buffer.from(bytes));
    }),
    { numRuns: 100 },
  );
});
