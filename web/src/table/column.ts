import type { ComponentChildren } from "preact";
import type { SortValue } from "./order.ts";

export interface Column<Row> {
  /** In the address bar. */
  readonly key: string;
  readonly title: string;
  /** CSS length. */
  readonly width: string;
  /** Figures stand at the right. */
  readonly isFigure?: boolean;
  /** Left out where there is little room. */
  readonly isExtra?: boolean;
  /** Without it nothing is sorted by this column. */
  readonly sortBy?: (row: Row) => SortValue;
  readonly show: (row: Row) => ComponentChildren;
}
