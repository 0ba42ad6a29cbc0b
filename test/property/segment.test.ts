import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Drop, type DropReason } from "../../src/base/drop-reason.ts";
import { Frame } from "../../src/wire/frame.ts";
import { Segmenter } from "../../src/wire/segment.ts";
import { sanitizeVnetHeader, VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import {
  frameOf,
  headerBytes,
  naiveSegments,
  packetArbitrary,
  partialChecksumBytes,
  superFrameArbitrary,
  superFrameBytes,
} from "./super-frame.ts";

const HEADROOM = 16;
const LARGEST_FRAME = 0x20000;
const segmenter = new Segmenter({ headroom: HEADROOM });

/** The frames that come out, while a hostile sink spoils all the memory it was lent. */
function segmentsOf(frame: Frame, maxFrameBytes: number): { reason: DropReason; frames: Buffer[] } {
  const frames: Buffer[] = [];
  const reason = segmenter.segment(frame, maxFrameBytes, (bytes, start, end) => {
    assert.ok(start >= HEADROOM && end <= bytes.length);
    frames.push(Buffer.from(bytes.subarray(start, end)));
    bytes.fill(0xee, start - HEADROOM, end);
  });
  return { reason, frames };
}

/** A virtio-net header and its frame somewhere in a larger buffer, whose other bytes are all `around`. */
function embed(vnetFrame: readonly number[], at: number, around: number): Frame {
  const bytes = new Uint8Array(at + vnetFrame.length + 40).fill(around);
  bytes.set(vnetFrame, at);
  return new Frame(bytes).set(bytes, at + VNET_HEADER_BYTES, at + vnetFrame.length, true);
}

const place = fc.integer({ min: 0, max: 9 });

test("a super-frame becomes the frames that the oracle builds from its description", () => {
  fc.assert(
    fc.property(superFrameArbitrary, place, (superFrame, at) => {
      const frame = embed(superFrameBytes(superFrame), at, 0xaa);
      const before = Buffer.from(frame.bytes);
      const { reason, frames } = segmentsOf(frame, LARGEST_FRAME);
      assert.equal(reason, Drop.none);
      assert.deepEqual(
        frames,
        naiveSegments(superFrame).map((bytes) => Buffer.from(bytes)),
      );
      assert.deepEqual(Buffer.from(frame.bytes), before);
    }),
    { numRuns: 300 },
  );
});

/** The pieces that come out, each with its virtio-net header, while the sink spoils what it was lent. */
function piecesOf(frame: Frame, maxFrameBytes: number): { reason: DropReason; pieces: number[][] } {
  const pieces: number[][] = [];
  const reason = segmenter.split(frame, maxFrameBytes, (bytes, start, end) => {
    pieces.push([...bytes.subarray(start - VNET_HEADER_BYTES, end)]);
    bytes.fill(0xee, start - HEADROOM, end);
  });
  return { reason, pieces };
}

test("a super-frame split into smaller ones becomes the same frames in the end, and a peer believes each piece", () => {
  fc.assert(
    fc.property(superFrameArbitrary, place, fc.integer({ min: 1, max: 9_000 }), (superFrame, at, maxFrameBytes) => {
      const frame = embed(superFrameBytes(superFrame), at, 0xaa);
      const before = Buffer.from(frame.bytes);
      const { reason, pieces } = piecesOf(frame, maxFrameBytes);
      assert.equal(reason, Drop.none);
      assert.deepEqual(Buffer.from(frame.bytes), before, "what was borrowed is as it was");
      const frames = pieces.flatMap((piece) => {
        const isLarge = piece.length - VNET_HEADER_BYTES > maxFrameBytes;
        const embedded = embed(piece, 0, 0xbb);
        assert.ok(sanitizeVnetHeader(embedded.bytes, 0, piece.length), "the peer believes it");
        const { frames: segments } = segmentsOf(embedded, LARGEST_FRAME);
        assert.ok(!isLarge || segments.length === 1, "too large only where it is one segment");
        return segments;
      });
      assert.deepEqual(
        frames,
        naiveSegments(superFrame).map((bytes) => Buffer.from(bytes)),
      );
    }),
    { numRuns: 300 },
  );
});

test("a frame that lacks only its checksum gets it", () => {
  const payloadBytes = fc.integer({ min: 0, max: 1500 });
  fc.assert(
    fc.property(packetArbitrary(payloadBytes), place, (packet, at) => {
      const { reason, frames } = segmentsOf(embed(partialChecksumBytes(packet), at, 0xaa), LARGEST_FRAME);
      assert.equal(reason, Drop.none);
      assert.deepEqual(frames, [Buffer.from(frameOf(packet, "complete"))]);
    }),
    { numRuns: 300 },
  );
});

test("nothing is emitted when a segment would exceed the limit, and the limit itself is allowed", () => {
  fc.assert(
    fc.property(superFrameArbitrary, (superFrame) => {
      const { packet, gsoSize } = superFrame;
      const largest = headerBytes(packet) + Math.min(gsoSize, packet.payload.length);
      const frame = embed(superFrameBytes(superFrame), 0, 0);
      assert.equal(segmentsOf(frame, largest).reason, Drop.none);
      assert.deepEqual(segmentsOf(frame, largest - 1), { reason: Drop.tooBig, frames: [] });
    }),
    { numRuns: 50 },
  );
});

test("an outline has the headers of each segment, of a frame of which only headers are left", () => {
  fc.assert(
    fc.property(superFrameArbitrary, place, (superFrame, at) => {
      const whole = embed(superFrameBytes(superFrame), at, 0xaa);
      const headers = headerBytes(superFrame.packet);
      const pieces: (readonly [headers: Buffer, bytes: number])[] = [];
      const segmenter = new Segmenter({ headroom: VNET_HEADER_BYTES });
      const split = segmenter.split(whole, 1, (bytes, start, end) => {
        pieces.push([Buffer.from(bytes.subarray(start, start + headers)), end - start]);
      });
      assert.equal(split, Drop.none);
      const outlined: (readonly [headers: Buffer, bytes: number])[] = [];
      const cut = new Frame(whole.bytes).set(
        whole.bytes.slice(0, whole.start + headers),
        whole.start,
        whole.start + headers,
        true,
      );
      const outline = segmenter.outline(cut, whole.length, (bytes, start, end, segmentBytes) => {
        outlined.push([Buffer.from(bytes.subarray(start, end)), segmentBytes]);
      });
      assert.equal(outline, Drop.none);
      assert.deepEqual(outlined, pieces);
      const shorter = new Frame(cut.bytes).set(cut.bytes, cut.start, cut.end - 1, true);
      assert.equal(
        segmenter.outline(shorter, whole.length, () => assert.fail()),
        Drop.vnetHeaderInvalid,
      );
    }),
    { numRuns: 200 },
  );
});

/** Valid frames, cut, extended and with some bytes changed, mostly in their headers. */
const mutated = fc
  .record({
    bytes: fc.oneof(
      superFrameArbitrary.map(superFrameBytes),
      packetArbitrary(fc.integer({ min: 0, max: 60 })).map(partialChecksumBytes),
    ),
    changes: fc.array(fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }) }),
    added: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 2 }),
  })
  .map(({ bytes, changes, cut, added }) => {
    const result = [...bytes.slice(0, Math.max(VNET_HEADER_BYTES, bytes.length - cut)), ...added];
    for (const [at, value] of changes) if (at < result.length) result[at] = value;
    return result;
  });
const garbage = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: VNET_HEADER_BYTES, maxLength: 120 });
const hostile = fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: garbage });

test("whatever passes sanitizing can be segmented", () => {
  let accepted = 0;
  fc.assert(
    fc.property(hostile, (vnetFrame) => {
      const frame = embed(vnetFrame, 3, 0xaa);
      if (!sanitizeVnetHeader(frame.bytes, 3, frame.end)) return;
      accepted++;
      const { reason, frames } = segmentsOf(frame, LARGEST_FRAME);
      assert.equal(reason, Drop.none);
      assert.ok(frames.length > 0);
    }),
    { numRuns: 1500 },
  );
  assert.ok(accepted > 100, `only ${accepted} were accepted, the property says little`);
});

test("no bytes decide about segmentation but the frame's own, and no input throws", () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 0, max: 2000 }), (vnetFrame, maxFrameBytes) => {
      const amongZeros = segmentsOf(embed(vnetFrame, 3, 0x00), maxFrameBytes);
      const amongOnes = segmentsOf(embed(vnetFrame, 3, 0xff), maxFrameBytes);
      assert.deepEqual(amongZeros, amongOnes);
      for (const frame of amongZeros.frames) assert.ok(frame.length <= maxFrameBytes);
    }),
    { numRuns: 1500 },
  );
});

test("a frame whose span does not lie in its bytes is refused", () => {
  const offset = fc.integer({ min: -20, max: 80 });
  fc.assert(
    fc.property(offset, offset, fc.boolean(), (start, end, hasVnetHeader) => {
      const bytes = new Uint8Array(60);
      const { reason } = segmentsOf(new Frame(bytes).set(bytes, start, end, hasVnetHeader), LARGEST_FRAME);
      const fits = start >= (hasVnetHeader ? VNET_HEADER_BYTES : 0) && start <= end && end <= bytes.length;
      assert.equal(reason, fits ? Drop.none : Drop.vnetHeaderInvalid);
    }),
  );
});
