/** Which rows of a long table are drawn: those that can be seen, and some more on both sides. */
export interface RowWindow {
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
  /** Heights of what is left out above and below, in pixels. */
  readonly above: number;
  readonly below: number;
}

export interface View {
  readonly scrollTop: number;
  readonly height: number;
}

/** Rows beyond the edges, so that scrolling shows no gaps. */
const MARGIN_ROWS = 8;

export function rowsInView({ scrollTop, height }: View, rows: number, rowHeight: number): RowWindow {
  const firstSeen = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const seen = Math.ceil(height / rowHeight) + 1;
  const first = clamp(firstSeen - MARGIN_ROWS, 0, Math.max(0, rows - seen));
  const end = clamp(firstSeen + seen + MARGIN_ROWS, first, rows);
  return { first, end, above: first * rowHeight, below: (rows - end) * rowHeight };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
