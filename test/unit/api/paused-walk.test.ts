import assert from "node:assert/strict";
import { test } from "node:test";
import { walkWithPauses } from "../../../src/api/paused-walk.ts";

test("a long walk sees every row in order, and lets others run meanwhile", async () => {
  const rows = Array.from({ length: 1_000 }, (_, row) => row);
  const seen: number[] = [];
  let seenBefore = -1;
  setImmediate(() => {
    seenBefore = seen.length;
  });
  await walkWithPauses(rows, (row) => seen.push(row));
  assert.deepEqual(seen, rows);
  assert.ok(seenBefore < rows.length);
  assert.ok(seenBefore > 0);
});
