import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MacIndex, NO_ROW } from "../../src/guard/mac-index.ts";
import { seededRandom } from "../seeded-random.ts";

const CAPACITY = 8;
/** They differ in either half, in sign, in each byte, and above the 16 bits of a MAC's first half. */
const ADDRESSES = Array.from({ length: 24 }, (_, i) => ({
  hi: (i % 4 === 0 ? 0x7fff_0000 : 0) | (i % 3 === 0 ? 0x0200 : 0xfe00 + i),
  lo: (i % 2 === 0 ? i : i * 0x1357_9bdf) | 0,
}));

const address = fc.nat(ADDRESSES.length - 1);

describe("index of MAC addresses", () => {
  test("answers as a Map would, in a table so small that runs meet and wrap, and rows stay", () => {
    fc.assert(
      fc.property(fc.array(address, { maxLength: 200 }), fc.nat(), (picks, seed) => {
        const index = new MacIndex(CAPACITY, seededRandom(seed));
        const rows = new Map<number, number>();
        for (const pick of picks) {
          const { hi, lo } = ADDRESSES[pick] as (typeof ADDRESSES)[number];
          const row = rows.get(pick);
          if (row !== undefined) {
            index.remove(row);
            rows.delete(pick);
          } else if (!index.isFull) rows.set(pick, index.add(hi, lo));
          assert.equal(index.isFull, rows.size === CAPACITY);
          for (const [i, other] of ADDRESSES.entries()) {
            assert.equal(index.find(other.hi, other.lo), rows.get(i) ?? NO_ROW, `address ${i}`);
          }
          const used = [...rows.values()];
          assert.equal(new Set(used).size, used.length, "no row is given twice");
          assert.ok(used.every((one) => one < index.usedRows && index.usedRows <= CAPACITY));
        }
      }),
      { numRuns: 300 },
    );
  });
});
