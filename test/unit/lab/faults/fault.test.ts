import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { drawCellFault, drawClientFault } from "../../../../lab/faults/fault.ts";
import { RandomNumbers } from "../../../../lab/path/random-numbers.ts";

const draw = <T>(count: number, seed: number, one: (random: RandomNumbers) => T): readonly T[] => {
  const random = new RandomNumbers(seed);
  return Array.from({ length: count }, () => one(random));
};

describe("faults", () => {
  test("are the same for the same seed, and others for another", () => {
    assert.deepEqual(draw(100, 7, drawClientFault), draw(100, 7, drawClientFault));
    assert.notDeepEqual(draw(100, 7, drawClientFault), draw(100, 8, drawClientFault));
  });

  test("are of every kind before long", () => {
    const kinds = new Set(draw(1_000, 1, drawClientFault).map(({ kind }) => kind));
    assert.equal(kinds.size, 13);
    const ofCells = new Set(draw(200, 1, (random) => drawCellFault(random, true)).map(({ kind }) => kind));
    assert.equal(ofCells.size, 5);
  });

  test("leave a server alone that is to live", () => {
    const kinds = draw(500, 3, (random) => drawCellFault(random, false)).map(({ kind }) => kind);
    assert.deepEqual([...new Set(kinds)].sort(), ["proxy-freeze", "proxy-kill", "server-freeze"]);
  });

  test("last as long as they may", () => {
    for (const fault of draw(2_000, 5, drawClientFault)) {
      if (!("lastMs" in fault)) continue;
      const [least, most] = fault.kind === "long-cut" ? [6_000, 24_000] : [100, 3_000];
      assert.ok(fault.lastMs >= least && fault.lastMs <= most, `${fault.kind} ${fault.lastMs}`);
    }
  });
});
