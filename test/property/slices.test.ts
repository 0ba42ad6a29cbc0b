import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { jsonStream } from "../../src/api/json-stream.ts";
import { collectInSlices, sortInSlices } from "../../src/api/slices.ts";

const rows = fc.array(fc.record({ key: fc.integer({ min: 0, max: 20 }), place: fc.nat() }, { noNullPrototype: true }), {
  maxLength: 2_000,
});

describe("rows in slices", () => {
  test("are sorted as the whole would be, equal ones in their order", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
        assert.deepEqual(await sortInSlices(list, compare), [...list].sort(compare));
      }),
      { numRuns: 40 },
    );
  });

  test("are chosen and written as the whole would be", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const chosen = await collectInSlices(list, ({ key }) => key > 5);
        assert.deepEqual(
          chosen,
          list.filter(({ key }) => key > 5),
        );
        const answer = await jsonStream({ total: list.length }, "rows", chosen).json();
        assert.deepEqual(answer, { total: list.length, rows: chosen });
      }),
      { numRuns: 40 },
    );
  });
});
