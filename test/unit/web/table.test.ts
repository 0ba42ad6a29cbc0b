import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatOrder, parseOrder, type SortValue, sortRows } from "../../../web/src/table/order.ts";
import { rowsInView } from "../../../web/src/table/row-window.ts";
import { matches } from "../../../web/src/table/search.ts";

describe("a long table", () => {
  const views = fc.record({
    rows: fc.nat(20_000),
    rowHeight: fc.integer({ min: 16, max: 64 }),
    height: fc.nat(3_000),
    scrolled: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  test("draws every row in view, few others, and keeps its height", () => {
    fc.assert(
      fc.property(views, ({ rows, rowHeight, height, scrolled }) => {
        const scrollTop = scrolled * Math.max(0, rows * rowHeight - height);
        const { first, end, above, below } = rowsInView({ scrollTop, height }, rows, rowHeight);
        assert.equal(above + (end - first) * rowHeight + below, rows * rowHeight);
        assert.ok(first * rowHeight <= scrollTop);
        assert.ok(end === rows || end * rowHeight >= scrollTop + height);
        assert.ok(end - first <= height / rowHeight + 20);
      }),
    );
  });

  test("that became shorter than where it was scrolled to still shows its end", () => {
    const { first, end, above, below } = rowsInView({ scrollTop: 30_000, height: 320 }, 100, 32);
    assert.ok(first < 90);
    assert.equal(end, 100);
    assert.deepEqual([above, below], [first * 32, 0]);
  });
});

describe("sorting", () => {
  const sorted = (values: readonly SortValue[], isDescending = false) =>
    sortRows(values, (value) => value, isDescending);

  test("goes by size, and figures in names count as figures", () => {
    assert.deepEqual(sorted([10, 9, 100]), [9, 10, 100]);
    assert.deepEqual(sorted(["b10", "b9", "A1"]), ["A1", "b9", "b10"]);
    assert.deepEqual(sorted([true, false], true), [true, false]);
  });

  test("puts what is not known last in either order", () => {
    assert.deepEqual(sorted([null, 2, 1]), [1, 2, null]);
    assert.deepEqual(sorted([null, 1, 2], true), [2, 1, null]);
  });

  test("leaves equal rows as they were, and the rows that it was given", () => {
    const rows = [
      { name: "a", size: 1 },
      { name: "b", size: 1 },
      { name: "c", size: 0 },
    ];
    const names = (isDescending: boolean) => sortRows(rows, ({ size }) => size, isDescending).map(({ name }) => name);
    assert.deepEqual(names(false), ["c", "a", "b"]);
    assert.deepEqual(names(true), ["a", "b", "c"]);
    assert.equal(rows[0]?.name, "a");
  });

  test("is said in the address in one word", () => {
    const usual = { key: "name", isDescending: false };
    for (const order of [usual, { key: "drops", isDescending: true }]) {
      assert.deepEqual(parseOrder(formatOrder(order), usual), order);
    }
    assert.deepEqual(parseOrder(undefined, usual), usual);
    assert.deepEqual(parseOrder("", usual), usual);
  });
});

test("a search wants each of its words somewhere, in any case", () => {
  const texts = ["Ada.desk", "203.0.113.7", null];
  for (const found of ["", "  ", "ada", "DESK 113", "7 ada"]) assert.ok(matches(found, texts), found);
  for (const lost of ["bo", "ada bo", "null"]) assert.ok(!matches(lost, texts), lost);
});
