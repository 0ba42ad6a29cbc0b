import { ownTurn } from "./own-turn.ts";

/**
 * So many rows are handled at a time, in which no frame is forwarded: making them takes a fifth of a millisecond, writing
 * them as JSON twice that. At full speed a TAP's queue holds what comes in a millisecond.
 */
export const SLICE_ROWS = 64;

/** Walks many rows and lets frames through now and then. Who comes or goes meanwhile may be seen or not. */
export async function walkWithPauses<T>(rows: Iterable<T>, visit: (row: T) => void): Promise<void> {
  let left = SLICE_ROWS;
  for (const row of rows) {
    visit(row);
    if (--left > 0) continue;
    left = SLICE_ROWS;
    await ownTurn();
  }
}
