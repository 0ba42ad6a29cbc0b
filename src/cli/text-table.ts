import { printable } from "../wire/printable.ts";
import type { Paint, Style } from "./paint.ts";

/** What stands between two columns. */
const GAP = "  ";
/** What is left out of a cell that is cut. */
const ELLIPSIS = "…";

/** One column of a table. */
export interface Column<Row> {
  readonly heading: string;
  /** A stranger's words may be in it: the table makes them printable. */
  readonly cell: (row: Row) => string;
  /** `right` for numbers. */
  readonly align?: "left" | "right";
  /** Where the table is too wide, the column with the highest number goes first; without one it stays. */
  readonly dispensable?: number;
  /** Characters that it may be cut to where the table is still too wide; without it is never cut. */
  readonly leastWidth?: number;
  /** So wide even if its cells are narrower: what is drawn again and again should stand still. */
  readonly steadyWidth?: number;
  readonly style?: (row: Row) => Style | undefined;
}

export interface TableOptions {
  /** Characters of a line; `Infinity` for whatever reads it that is no screen. */
  readonly width: number;
  readonly paint: Paint;
}

interface Fitted<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

/** The lines of a table, its heading first. Wide characters are counted as one. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint }: TableOptions,
): readonly string[] {
  const fitted = cut(
    dispense(
      columns.map((column) => measure(column, rows)),
      width,
    ),
    width,
  );
  const heading = joinCells(fitted.map((one) => pad(one.column.heading, one)));
  const lines = rows.map((row, index) =>
    joinCells(
      fitted.map((one) => {
        const style = one.column.style?.(row);
        const text = pad(one.cells[index] ?? "", one);
        return style === undefined ? text : paint(style, text);
      }),
    ),
  );
  return [paint("bold", heading), ...lines];
}

function measure<Row>(column: Column<Row>, rows: readonly Row[]): Fitted<Row> {
  const cells = rows.map((row) => printable(column.cell(row)));
  const { heading, steadyWidth = 0 } = column;
  const least = Math.max(heading.length, steadyWidth);
  return { column, cells, width: cells.reduce((most, { length }) => Math.max(most, length), least) };
}

const widthOf = (columns: readonly Fitted<never>[]): number =>
  columns.reduce((sum, { width }) => sum + width, GAP.length * (columns.length - 1));

/** Leaves out columns until the rest fits, or is what cannot be done without. */
function dispense<Row>(columns: readonly Fitted<Row>[], width: number): readonly Fitted<Row>[] {
  if (leastWidthOf(columns) <= width) return columns;
  const order = (one: Fitted<Row>): number => one.column.dispensable ?? 0;
  const next = columns.reduce((most, one) => (order(one) > order(most) ? one : most), columns[0] as Fitted<Row>);
  return order(next) === 0
    ? columns
    : dispense(
        columns.filter((one) => one !== next),
        width,
      );
}

function leastWidthOf<Row>(columns: readonly Fitted<Row>[]): number {
  return widthOf(columns.map((one) => ({ ...one, width: leastOf(one) })) as readonly Fitted<never>[]);
}

function leastOf<Row>({ column: { leastWidth, heading }, width }: Fitted<Row>): number {
  return leastWidth === undefined ? width : Math.min(width, Math.max(leastWidth, heading.length));
}

/** Takes from the widest of those that may be cut, a character at a time, until all fits. */
function cut<Row>(columns: readonly Fitted<Row>[], width: number): readonly Fitted<Row>[] {
  const widths = columns.map((one) => one.width);
  let excess = widthOf(columns as readonly Fitted<never>[]) - width;
  for (; excess > 0; excess--) {
    const spare = columns.map((one, index) => ((widths[index] ?? 0) > leastOf(one) ? (widths[index] ?? 0) : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.indexOf(widest)] = widest - 1;
  }
  return columns.map((one, index) => ({ ...one, width: widths[index] ?? 0 }));
}

function pad<Row>(text: string, { column, width }: Fitted<Row>): string {
  const shown = text.length > width ? `${text.slice(0, width - 1)}${ELLIPSIS}` : text;
  return column.align === "right" ? shown.padStart(width) : shown.padEnd(width);
}

function joinCells(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}
