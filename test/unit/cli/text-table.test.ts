import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Paint, unpainted } from "../../../src/cli/paint.ts";
import { type Column, formatTable } from "../../../src/cli/text-table.ts";

interface Animal {
  readonly name: string;
  readonly legs: number;
}

const NAME: Column<Animal> = { heading: "NAME", cell: ({ name }) => name, leastWidth: 4 };
const LEGS: Column<Animal> = { heading: "LEGS", cell: ({ legs }) => String(legs), align: "right" };
const TWICE: Column<Animal> = { heading: "TWICE", cell: ({ legs }) => String(2 * legs), dispensable: 1 };
const AGAIN: Column<Animal> = { heading: "AGAIN", cell: ({ name }) => name, dispensable: 2 };

const ANIMALS: readonly Animal[] = [
  { name: "cat", legs: 4 },
  { name: "centipede", legs: 100 },
];

const table = (columns: readonly Column<Animal>[], width = Number.POSITIVE_INFINITY): readonly string[] =>
  formatTable(columns, ANIMALS, { width, paint: unpainted });

describe("a text table", () => {
  test("has columns as wide as their widest cell, numbers at the right, and no blanks at the end", () => {
    assert.deepEqual(table([NAME, LEGS, TWICE]), [
      "NAME       LEGS  TWICE",
      "cat           4  8",
      "centipede   100  200",
    ]);
  });

  test("has a heading also without rows", () => {
    assert.deepEqual(formatTable([NAME, LEGS], [], { width: 80, paint: unpainted }), ["NAME  LEGS"]);
  });

  test("cuts what may be cut before it leaves out what may be left out", () => {
    assert.deepEqual(table([NAME, LEGS, TWICE], 18), ["NAME   LEGS  TWICE", "cat       4  8", "cent…   100  200"]);
    assert.deepEqual(table([NAME, AGAIN, LEGS, TWICE], 18), table([NAME, LEGS, TWICE], 18));
    assert.deepEqual(table([NAME, LEGS, TWICE], 16), table([NAME, LEGS], 16));
  });

  test("keeps what cannot be done without, however narrow it is", () => {
    assert.deepEqual(table([NAME, LEGS, TWICE], 3), ["NAME  LEGS", "cat      4", "cen…   100"]);
  });

  test("lets no control character of a stranger through", () => {
    const evil = { name: "\u001b[2Jx\u009b\u202e\ny", legs: 1 };
    const [, line] = formatTable([NAME], [evil], { width: 80, paint: unpainted });
    assert.equal(line, " [2Jx   y");
  });

  test("styles the whole cell, after its width is known", () => {
    const marks: Paint = (style, text) => `<${style}>${text}</>`;
    const styled: Column<Animal> = { ...LEGS, style: ({ legs }) => (legs > 4 ? "red" : undefined) };
    assert.deepEqual(formatTable([styled], ANIMALS, { width: 80, paint: marks }), [
      "<bold>LEGS</>",
      "   4",
      "<red> 100</>",
    ]);
  });

  test("is never wider than the screen while something may be cut or left out", () => {
    const least = "NAME".length + "  ".length + "LEGS".length;
    const animal = fc.record({ name: fc.string({ unit: "binary", maxLength: 40 }), legs: fc.nat(999) });
    fc.assert(
      fc.property(fc.array(animal), fc.integer({ min: least, max: 100 }), (animals, width) => {
        const lines = formatTable([AGAIN, NAME, LEGS, TWICE], animals, { width, paint: unpainted });
        assert.equal(lines.length, animals.length + 1);
        for (const line of lines) assert.ok(line.length <= width, `${width}: ${JSON.stringify(line)}`);
      }),
    );
  });
});
