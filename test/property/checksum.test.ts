import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyAndSum, finishSum, finishTransportSum, sumBytes } from "../../src/wire/checksum.ts";
import { naiveChecksum, naiveSum } from "./super-frame.ts";

const span = fc.record({
  bytes: fc.oneof(
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 300 }),
    fc.array(fc.constantFrom(0x00, 0xff), { maxLength: 100 }),
  ),
  before: fc.integer({ min: 0, max: 9 }),
});

/** The bytes at an offset of a view, among others that would spoil a sum. */
function viewAround(bytes: readonly number[], before: number): DataView {
  const all = new Uint8Array(before + bytes.length + 20).fill(0x5a);
  all.set(bytes, before);
  return new DataView(all.buffer);
}

test("sumBytes agrees with the naive sum wherever a span starts and however long it is", () => {
  fc.assert(
    fc.property(span, fc.integer({ min: 0, max: 0xffff }), ({ bytes, before }, initial) => {
      const sum = sumBytes(viewAround(bytes, before), before, before + bytes.length, initial);
      assert.ok(sum <= 0xffff);
      assert.equal(sum, naiveSum([initial >> 8, initial & 0xff, ...bytes]));
    }),
    { numRuns: 1000 },
  );
});

test("copyAndSum sums as sumBytes does, and copies these bytes and no others", () => {
  fc.assert(
    fc.property(span, fc.integer({ min: 0, max: 9 }), ({ bytes, before }, to) => {
      const source = viewAround(bytes, before);
      const target = new Uint8Array(to + bytes.length + 20).fill(0xc3);
      const expected = Uint8Array.from(target);
      expected.set(bytes, to);
      const end = before + bytes.length;
      const sum = copyAndSum(source, before, end, new DataView(target.buffer), to);
      assert.equal(sum, sumBytes(source, before, end, 0));
      assert.deepEqual(target, expected);
    }),
    { numRuns: 1000 },
  );
});

test("partial sums of pieces of even length add up to the sum of the whole", () => {
  fc.assert(
    fc.property(span, fc.nat(), ({ bytes }, cut) => {
      const view = viewAround(bytes, 0);
      const middle = (cut % (bytes.length + 1)) & ~1;
      const parts = sumBytes(view, 0, middle, 0) + sumBytes(view, middle, bytes.length, 0);
      assert.equal(finishSum(parts), naiveChecksum(bytes));
    }),
  );
});

test("the largest frame of nothing but ones does not lose a carry", () => {
  const view = new DataView(new Uint8Array(0x10000 + 62).fill(0xff).buffer);
  assert.equal(sumBytes(view, 0, view.byteLength, 0xffff), 0xffff);
  assert.equal(copyAndSum(view, 0, view.byteLength, new DataView(new ArrayBuffer(view.byteLength)), 0), 0xffff);
});

test("a transport checksum is never zero, any other is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7fff_ffff }), (sum) => {
      const finished = finishSum(sum);
      assert.equal(finishTransportSum(sum), finished === 0 ? 0xffff : finished);
    }),
  );
  assert.equal(finishSum(0xffff), 0);
  assert.equal(finishTransportSum(0xffff), 0xffff);
});
