/** The results as text for a terminal. */
import type { ProcessResult, RowResult } from "./result.ts";
import type { Target } from "./rows.ts";

/** Columns padded to their widest cell; the first to the left, the others to the right. */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const formatCell = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(formatCell).join("  ").trimEnd()).join("\n");
}

export function formatResults(results: readonly RowResult[]): string {
  const header = ["path", "median", "unit", "of floor", "target", "verdict"];
  const lines = results.map(({ row, value, ofFloor, verdict }) => [
    row.title,
    formatFigure(value),
    row.unit,
    formatRatio(ofFloor),
    row.targets.map(formatTarget).join(", ") || "–",
    verdict === "open" ? "–" : verdict,
  ]);
  return formatColumns([header, ...lines]);
}

/** Frames are counted at the client's TAP, super-frames once. */
export function formatProcesses(results: readonly ProcessResult[]): string {
  const header = ["program, while", "CPU s/Gbit", "frames/call", "MB before", "during", "after"];
  const lines = results.map(({ title, role, cpuSecondsPerGigabit, framesPerCall, memoryMegabytes }) => [
    `${role}, ${title}`,
    cpuSecondsPerGigabit.toFixed(3),
    formatRatio(framesPerCall),
    memoryMegabytes.before.toFixed(0),
    memoryMegabytes.during.toFixed(0),
    memoryMegabytes.after.toFixed(0),
  ]);
  return formatColumns([header, ...lines]);
}

/** As many digits as the size deserves. */
export function formatFigure(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value < 10 ? value.toFixed(3) : Math.round(value).toLocaleString("en");
}

function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(2) : "–";
}

function formatTarget({ of, atLeast, below, aim }: Target): string {
  const bound = atLeast === undefined ? `< ${below}` : `≥ ${atLeast.toLocaleString("en")}`;
  const hope = aim === undefined ? "" : ` (aim ${aim})`;
  return `${bound}${of === "floor" ? "×" : ""}${hope}`;
}
