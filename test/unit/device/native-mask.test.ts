import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadAddon } from "../../../src/device/addon.ts";
import { nativeMask } from "../../../src/device/native-mask.ts";

/** RFC 6455 section 5.3, byte by byte. */
function naiveMask(bytes: Uint8Array, start: number, end: number, key: number): Uint8Array {
  const keyBytes = [key >>> 24, key >>> 16, key >>> 8, key].map((byte) => byte & 0xff);
  return bytes.map((byte, at) => (at >= start && at < end ? byte ^ (keyBytes[(at - start) % 4] ?? 0) : byte));
}

const spans = fc
  .tuple(fc.uint8Array({ maxLength: 600 }), fc.nat(), fc.nat(), fc.integer())
  .map(([bytes, a, b, key]) => {
    const [start, end] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [number, number];
    return { bytes, start, end, key };
  });

test("the native mask and the mixed one agree with the naive one on any span and key", () => {
  const mixed = nativeMask();
  const { maskBytes: native } = loadAddon();
  fc.assert(
    fc.property(spans, ({ bytes, start, end, key }) => {
      const expected = naiveMask(bytes, start, end, key);
      for (const mask of [mixed, native]) {
        const masked = Uint8Array.from(bytes);
        mask(masked, start, end, key);
        assert.deepEqual(masked, expected);
      }
    }),
    { numRuns: 500 },
  );
});

test("every length around blocks, eights and single bytes is masked at any address", () => {
  const { maskBytes } = loadAddon();
  const bytes = Uint8Array.from({ length: 300 }, (_, at) => at);
  for (let start = 0; start < 8; start++) {
    for (let end = start; end <= start + 280; end++) {
      const masked = Uint8Array.from(bytes);
      maskBytes(masked, start, end, 0x81c2_43f7 | 0);
      assert.deepEqual(masked, naiveMask(bytes, start, end, 0x81c2_43f7 | 0), `${start} to ${end}`);
    }
  }
});

test("a view with an offset into its buffer is masked in its own bytes only", () => {
  const whole = new Uint8Array(300);
  loadAddon().maskBytes(whole.subarray(7, 207), 1, 199, 0x01020304);
  assert.deepEqual([whole[7], whole[8], whole[9], whole[205], whole[206]], [0, 1, 2, 2, 0]);
});

test("a span outside of the bytes is an exception, not a wild write", () => {
  const { maskBytes } = loadAddon();
  for (const [start, end] of [
    [0, 11],
    [5, 4],
    [11, 12],
    [-1, 4],
    [0, 2 ** 32 - 1],
  ] as const) {
    assert.throws(() => maskBytes(new Uint8Array(10), start, end, 1), { syscall: "maskBytes" });
  }
});

test("bytes that were transferred away count as empty", () => {
  const bytes = new Uint8Array(10);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assert.throws(() => loadAddon().maskBytes(bytes, 0, 10, 1), { syscall: "maskBytes" });
});
