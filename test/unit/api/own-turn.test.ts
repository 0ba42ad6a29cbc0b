import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ownTurn } from "../../../src/api/own-turn.ts";

/** The turns of the event loop in which steps were made, in order, each as `walker:turn`. */
async function walkTogether(walkers: number, steps: number): Promise<readonly (readonly [number, number])[]> {
  const made: [walker: number, turn: number][] = [];
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const walk = async (walker: number): Promise<void> => {
    for (let step = 0; step < steps; step++) {
      await ownTurn();
      made.push([walker, turn]);
    }
  };
  await Promise.all(Array.from({ length: walkers }, (_, walker) => walk(walker)));
  isOver = true;
  return made;
}

describe("a turn of one's own", () => {
  test("is one of the event loop for each, however many wait", async () => {
    const turns = (await walkTogether(20, 10)).map(([, turn]) => turn);
    assert.equal(turns.length, 200);
    assert.equal(new Set(turns).size, 200);
  });

  test("comes to all who wait in the same measure", async () => {
    const walkers = (await walkTogether(3, 4)).map(([walker]) => walker);
    assert.deepEqual(walkers, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  test("follows at once for one who is alone, and again after a pause", async () => {
    for (let pass = 0; pass < 2; pass++) {
      const turns = (await walkTogether(1, 5)).map(([, turn]) => turn);
      assert.deepEqual(
        turns.map((turn) => turn - (turns[0] ?? 0)),
        [0, 1, 2, 3, 4],
      );
    }
  });
});
