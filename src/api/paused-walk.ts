import { setImmediate } from "node:timers/promises";

/** Rows between two pauses: about a millisecond's work. */
const ROWS_PER_SLICE = 250;

/** Walks many rows and lets frames through now and then. Who comes or goes meanwhile may be seen or not. */
export async function walkWithPauses<T>(rows: Iterable<T>, visit: (row: T) => void): Promise<void> {
  let left = ROWS_PER_SLICE;
  for (const row of rows) {
    visit(row);
    if (--left > 0) continue;
    left = ROWS_PER_SLICE;
    await setImmediate();
  }
}
