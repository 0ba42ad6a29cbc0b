import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DropReason } from "../../src/base/drop-reason.ts";
import { FrameRing, type Passage, recordBytes } from "../../src/capture/frame-ring.ts";
import { Frame } from "../../src/wire/frame.ts";

const CAPACITY_BYTES = 1_024;

interface Kept extends Passage {
  readonly frameBytes: number;
  readonly kept: readonly number[];
  readonly vnetHeader: readonly number[] | undefined;
}

const passage: fc.Arbitrary<Passage> = fc.record({
  port: fc.nat(2 ** 31),
  timeUs: fc.double({ min: 0, max: 1e16, noNaN: true }),
  isEgress: fc.boolean(),
  drop: fc.nat(30).map((drop) => drop as DropReason),
  lostBefore: fc.nat(),
});
const put = fc.record({
  passage,
  bytes: fc
    .tuple(fc.uint8Array({ minLength: 10, maxLength: 400 }), fc.nat(1))
    .map(([bytes, gsoType]) => Uint8Array.from(bytes, (byte, at) => (at === 1 ? gsoType : byte))),
  hasVnetHeader: fc.boolean(),
  cut: fc.option(fc.nat(400)),
});
const step = fc.oneof({ weight: 3, arbitrary: put }, { weight: 2, arbitrary: fc.constant("remove" as const) });

function oldestOf(ring: FrameRing): Kept {
  const frame = new Frame(new Uint8Array(0));
  const shown = ring.oldest(frame);
  const { bytes, start, end, hasVnetHeader } = frame;
  return {
    ...shown,
    kept: [...bytes.subarray(start, end)],
    vnetHeader: hasVnetHeader ? [...bytes.subarray(start - 10, start)] : undefined,
  };
}

test("a ring gives back what was put in, in order, however it wraps", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const ring = new FrameRing(CAPACITY_BYTES);
      const expected: Kept[] = [];
      for (const one of steps) {
        if (one === "remove") {
          if (expected.shift() !== undefined) ring.removeOldest();
        } else {
          const { bytes, hasVnetHeader } = one;
          const frame = new Frame(bytes).set(bytes, 10, bytes.length, hasVnetHeader);
          const keptBytes = Math.min(frame.length, one.cut ?? frame.length);
          const isWhole = keptBytes === frame.length;
          const isSuperFrame = bytes[1] !== 0;
          if (!ring.put(frame, keptBytes, one.passage)) {
            // There may be as much lost at the end as the record is long.
            const usedBytes = expected.reduce((sum, { kept }) => sum + recordBytes(kept.length), 0);
            assert.ok(usedBytes + 2 * recordBytes(keptBytes) + recordBytes(390) > CAPACITY_BYTES);
          } else {
            expected.push({
              ...one.passage,
              frameBytes: frame.length,
              kept: [...bytes.subarray(10, 10 + keptBytes)],
              vnetHeader: hasVnetHeader && (isWhole || isSuperFrame) ? [...bytes.subarray(0, 10)] : undefined,
            });
          }
        }
        assert.equal(ring.isEmpty, expected.length === 0);
        if (expected.length > 0) assert.deepEqual(oldestOf(ring), expected[0]);
      }
    }),
    { numRuns: 500 },
  );
});

test("an empty ring takes whatever is not larger than itself", () => {
  const ring = new FrameRing(CAPACITY_BYTES);
  const bytes = new Uint8Array(CAPACITY_BYTES);
  const frame = new Frame(bytes).set(bytes, 0, bytes.length, false);
  const passed = { port: 0, timeUs: 0, isEgress: false, drop: 0, lostBefore: 0 } as const;
  for (let keptBytes = 0; recordBytes(keptBytes) <= CAPACITY_BYTES; keptBytes += 7) {
    assert.ok(ring.put(frame, keptBytes, passed), `${keptBytes} bytes`);
    ring.removeOldest();
  }
  assert.ok(!ring.put(frame, CAPACITY_BYTES, passed));
});
