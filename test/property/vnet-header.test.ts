import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Frame } from "../../src/wire/frame.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";
import { requiredOffloads, sanitizeVnetHeader, VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import {
  naiveChecksum,
  packetArbitrary,
  partialChecksumBytes,
  superFrameArbitrary,
  superFrameBytes,
} from "./super-frame.ts";

const kernelMade = fc.oneof(
  superFrameArbitrary.map(superFrameBytes),
  packetArbitrary(fc.integer({ min: 0, max: 100 })).map(partialChecksumBytes),
);
const byte = fc.integer({ min: 0, max: 255 });

test("what a kernel makes passes unchanged, its hints and marks of trust corrected", () => {
  fc.assert(
    fc.property(kernelMade, byte, byte, (vnetFrame, flags, hdrLen) => {
      const bytes = Uint8Array.from(vnetFrame);
      bytes[0] = flags | 0x01;
      bytes[2] = hdrLen;
      assert.ok(sanitizeVnetHeader(bytes, 0, bytes.length));
      assert.deepEqual(bytes, Uint8Array.from(vnetFrame));
    }),
    { numRuns: 300 },
  );
});

test("a super-frame that is longer or shorter than its lengths say is refused", () => {
  fc.assert(
    fc.property(superFrameArbitrary, fc.integer({ min: 1, max: 60 }), (superFrame, difference) => {
      const vnetFrame = superFrameBytes(superFrame);
      const bytes = new Uint8Array(vnetFrame.length + difference);
      bytes.set(vnetFrame);
      assert.equal(sanitizeVnetHeader(bytes, 0, bytes.length), false);
      const shorter = Math.max(0, vnetFrame.length - difference);
      assert.equal(sanitizeVnetHeader(bytes, 0, shorter), false);
    }),
    { numRuns: 100 },
  );
});

const frameAt1 = (bytes: Uint8Array): number[] => [...bytes.subarray(1 + VNET_HEADER_BYTES, -1)];

/** The frame behind the header at 1 with the checksum that it lacks. */
function naiveCompleted(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer);
  const start = view.getUint16(1 + 6, true);
  const frame = frameAt1(bytes);
  const checksum = naiveChecksum(frame.slice(start)) || 0xffff;
  return frame.toSpliced(start + view.getUint16(1 + 8, true), 2, checksum >> 8, checksum & 0xff);
}

test("any header is refused and left alone, or becomes one that needs known offloads and passes again as it is", () => {
  const mutation = fc.array(fc.tuple(fc.integer({ min: 0, max: 90 }), byte), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(kernelMade, mutation, (vnetFrame, changes) => {
      const bytes = Uint8Array.from([0xaa, ...vnetFrame, 0xaa]);
      for (const [at, value] of changes) if (at < vnetFrame.length) bytes[1 + at] = value;
      const before = Uint8Array.from(bytes);
      const end = bytes.length - 1;
      const accepted = sanitizeVnetHeader(bytes, 1, end);
      const after = Uint8Array.from(bytes);
      if (!accepted) return assert.deepEqual(after, before);

      const isCompleted = (before[1] as number) & 1 && !((after[1] as number) & 1);
      assert.deepEqual(frameAt1(after), isCompleted ? naiveCompleted(before) : frameAt1(before));
      const frame = new Frame(bytes).set(bytes, 1 + VNET_HEADER_BYTES, end, true);
      assert.equal(requiredOffloads(frame) & ~OFFLOAD_ALL, 0);
      assert.ok(sanitizeVnetHeader(bytes, 1, end));
      assert.deepEqual(bytes, after);
    }),
    { numRuns: 1500 },
  );
});

test("what is left to later is the checksum of the packet's own TCP or UDP header, and nothing else", () => {
  const place = fc.record({ start: fc.integer({ min: 0, max: 150 }), offset: fc.integer({ min: 0, max: 40 }) });
  const packets = packetArbitrary(fc.integer({ min: 0, max: 100 }));
  fc.assert(
    fc.property(packets, place, (packet, { start, offset }) => {
      const bytes = Uint8Array.from([0xaa, ...partialChecksumBytes(packet), 0xaa]);
      const own = Uint8Array.from(bytes);
      bytes.set([start, 0, offset, 0], 1 + 6);
      const before = Uint8Array.from(bytes);
      const isInside = start >= 14 && start + offset + 2 <= bytes.length - 2 - VNET_HEADER_BYTES;
      assert.equal(sanitizeVnetHeader(bytes, 1, bytes.length - 1), isInside);
      if (!isInside) assert.deepEqual(bytes, before);
      else if (bytes[1] === 1) assert.deepEqual(bytes, own);
      else assert.deepEqual(frameAt1(bytes), naiveCompleted(before));
    }),
    { numRuns: 500 },
  );
});

test("no bytes outside the span decide, and garbage does not throw", () => {
  const vnetFrame = fc.array(byte, { maxLength: 100 });
  fc.assert(
    fc.property(fc.oneof(vnetFrame, kernelMade), fc.nat(), (content, cut) => {
      const length = cut % (content.length + 1);
      const among = (around: number): boolean => {
        const bytes = new Uint8Array(length + 300).fill(around);
        bytes.set(content.slice(0, length), 5);
        return sanitizeVnetHeader(bytes, 5, 5 + length);
      };
      assert.equal(among(0x00), among(0xff));
    }),
    { numRuns: 500 },
  );
});
