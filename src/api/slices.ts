import { ownTurn } from "./own-turn.ts";
import { SLICE_ROWS, walkWithPauses } from "./paused-walk.ts";

/** The rows that `keep` takes, walked in slices. */
export async function collectInSlices<Row>(rows: Iterable<Row>, keep: (row: Row) => boolean): Promise<Row[]> {
  const kept: Row[] = [];
  await walkWithPauses(rows, (row) => {
    if (keep(row)) kept.push(row);
  });
  return kept;
}

/** Sorted by `compare`, equal ones in their order: slices are sorted, then merged, with pauses. */
export async function sortInSlices<Row>(rows: readonly Row[], compare: (a: Row, b: Row) => number): Promise<Row[]> {
  let runs: Row[][] = [];
  for (let start = 0; start < rows.length; start += SLICE_ROWS) {
    runs.push(rows.slice(start, start + SLICE_ROWS).sort(compare));
    await ownTurn();
  }
  while (runs.length > 1) {
    const merged: Row[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Comparing is the smaller part of a slice's work here, so a pause comes after more of them. */
const MERGED_ROWS = 4 * SLICE_ROWS;

async function merge<Row>(left: Row[], right: Row[], compare: (a: Row, b: Row) => number): Promise<Row[]> {
  const result: Row[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const one = left[l] as Row;
    const other = right[r] as Row;
    if (compare(one, other) <= 0) {
      result.push(one);
      l++;
    } else {
      result.push(other);
      r++;
    }
    if (result.length % MERGED_ROWS === 0) await ownTurn();
  }
  return result.concat(left.slice(l), right.slice(r));
}
