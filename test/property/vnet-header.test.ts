import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Frame } from "../../src/wire/frame.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";
import { requiredOffloads, sanitizeVnetHeader, VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { packetArbitrary, partialChecksumBytes, superFrameArbitrary, superFrameBytes } from "./super-frame.ts";

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

      assert.deepEqual(after.subarray(1 + VNET_HEADER_BYTES), before.subarray(1 + VNET_HEADER_BYTES));
      const frame = new Frame(bytes).set(bytes, 1 + VNET_HEADER_BYTES, end, true);
      assert.equal(requiredOffloads(frame) & ~OFFLOAD_ALL, 0);
      assert.ok(sanitizeVnetHeader(bytes, 1, end));
      assert.deepEqual(bytes, after);
    }),
    { numRuns: 1500 },
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
