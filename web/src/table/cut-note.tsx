import { formatCount } from "../text/format.ts";

/** Says that a table has not all that there is: the server gives so many rows in one answer. */
export function CutNote({ loaded, total }: { loaded: number; total: number }) {
  return loaded >= total ? null : (
    <p class="panel warn">
      The server gave the first {formatCount(loaded)} of {formatCount(total)}: what is behind them is not found here.
    </p>
  );
}
