import type { DrawnNode, Layout } from "./placing.ts";
import type { Talk } from "./talks.ts";

/** A line between two that talk to each other, whoever talks more. */
export interface TalkLine {
  readonly a: DrawnNode;
  readonly b: DrawnNode;
  readonly bitsPerSecond: number;
  /** In pixels. */
  readonly width: number;
}

/** More would hide each other; the lightest are left out. */
export const MAX_LINES = 400;
const THINNEST = 1;
const THICKEST = 9;
/** What the thinnest line stands for; ten times as much is a pixel more. */
const THINNEST_BITS_PER_SECOND = 1_000;

/**
 * The lines of a layout, the heaviest last, so that they are drawn on top. Who is folded into a group talks as the
 * group; what is said within a group goes to the server and back, and is drawn so.
 */
export function linesOf(layout: Layout, talks: readonly Talk[]): readonly TalkLine[] {
  const lines = new Map<string, { a: DrawnNode; b: DrawnNode; bitsPerSecond: number }>();
  const server = layout.nodes[0] as DrawnNode;
  for (const { from, to, bitsPerSecond } of talks) {
    const ends = [layout.nodeOf.get(from), layout.nodeOf.get(to)] as const;
    if (ends[0] === undefined || ends[1] === undefined) continue;
    const [a, b] = inOrder(ends[0], ends[0] === ends[1] ? server : ends[1]);
    if (a === b) continue;
    const key = JSON.stringify([a.id, b.id]);
    lines.set(key, { a, b, bitsPerSecond: bitsPerSecond + (lines.get(key)?.bitsPerSecond ?? 0) });
  }
  return [...lines.values()]
    .sort((one, other) => one.bitsPerSecond - other.bitsPerSecond)
    .slice(-MAX_LINES)
    .map((line) => ({ ...line, width: lineWidth(line.bitsPerSecond) }));
}

/** By the rate's logarithm: a gigabit is not a thousand times as wide as a megabit. */
export function lineWidth(bitsPerSecond: number): number {
  const decades = Math.log10(Math.max(bitsPerSecond, 1) / THINNEST_BITS_PER_SECOND);
  return Math.min(THICKEST, Math.max(THINNEST, THINNEST + decades));
}

function inOrder(a: DrawnNode, b: DrawnNode): [DrawnNode, DrawnNode] {
  return a.id < b.id ? [a, b] : [b, a];
}
