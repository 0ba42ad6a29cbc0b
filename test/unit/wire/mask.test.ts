import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maskBytes } from "../../../src/wire/mask.ts";

/** RFC 6455, 5.3, word for word. */
function maskByRfc(bytes: Uint8Array, start: number, end: number, key: number): Uint8Array {
  const octets = [24, 16, 8, 0].map((shift) => (key >>> shift) & 0xff);
  return bytes.map((byte, i) => (i >= start && i < end ? byte ^ (octets[(i - start) % 4] as number) : byte));
}

test("the RFC's masked Hello is unmasked", () => {
  // RFC 6455, 5.7: key 37 fa 21 3d, payload 7f 9f 4d 51 58.
  const bytes = Uint8Array.of(0x7f, 0x9f, 0x4d, 0x51, 0x58);
  maskBytes(bytes, 0, 5, 0x37fa213d);
  assert.equal(new TextDecoder().decode(bytes), "Hello");
});

test("any span of any buffer is masked as the RFC says, and nothing beside it", () => {
  const span = fc.tuple(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(70), fc.integer());
  fc.assert(
    fc.property(span, ([bytes, a, b, key]) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      const expected = maskByRfc(bytes, start, end, key);
      maskBytes(bytes, start, end, key);
      assert.deepEqual(bytes, expected);
    }),
    { numRuns: 500 },
  );
});
