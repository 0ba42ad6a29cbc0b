import type { DropCounts, DropRow, HistorySample } from "../../../src/control/model.ts";
import type { ChartLine } from "./chart-line.ts";

type DropSample = Pick<HistorySample, "atMs" | "dropsByReason">;

/** Frames per second of the reasons that took most in this time, at most `most` of them, by name: so that each keeps its colour while they are the same. */
export function dropLines(samples: readonly DropSample[], most: number): readonly ChartLine[] {
  const first = samples[0]?.dropsByReason ?? {};
  const last = samples.at(-1)?.dropsByReason ?? {};
  return Object.keys(last)
    .map((reason) => ({ reason, frames: countOf(last, reason) - countOf(first, reason) }))
    .filter(({ frames }) => frames > 0)
    .sort((a, b) => b.frames - a.frames)
    .slice(0, most)
    .map(({ reason }) => reason)
    .sort()
    .map((reason) => ({ label: reason, values: perSecond(samples, reason) }));
}

function perSecond(samples: readonly DropSample[], reason: string): readonly (number | null)[] {
  return samples.map((sample, place) => {
    const before = samples[place - 1];
    if (before === undefined || sample.atMs <= before.atMs) return null;
    const frames = countOf(sample.dropsByReason, reason) - countOf(before.dropsByReason, reason);
    return frames < 0 ? null : (frames * 1000) / (sample.atMs - before.atMs);
  });
}

function countOf(counts: DropCounts, reason: string): number {
  return counts[reason] ?? 0;
}

/** The same reason and direction of several networks as one row. */
export function sumDrops(rows: readonly DropRow[]): readonly DropRow[] {
  const sums = new Map<string, DropRow>();
  for (const row of rows) {
    const key = `${row.reason} ${row.direction}`;
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : { ...sum, frames: sum.frames + row.frames });
  }
  return [...sums.values()].sort((a, b) => b.frames - a.frames);
}
