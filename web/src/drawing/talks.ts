import type { TrafficPair } from "../../../src/control/model.ts";

/** What one sends another at the moment; `from` and `to` are ids. */
export interface Talk {
  readonly network: string;
  readonly from: string;
  readonly to: string;
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
}

/** The pairs' counters as they were at a moment, of any clock. */
export interface PairsAt {
  readonly atMs: number;
  readonly pairs: readonly TrafficPair[];
}

/** Who talks to whom between two looks, the heaviest first. Empty until there are two. */
export function talksBetween(before: PairsAt | undefined, now: PairsAt): readonly Talk[] {
  const seconds = (now.atMs - (before?.atMs ?? now.atMs)) / 1000;
  if (before === undefined || seconds <= 0) return [];
  const earlier = new Map(before.pairs.map((pair) => [keyOf(pair), pair]));
  return now.pairs
    .map((pair) => talkOf(pair, earlier.get(keyOf(pair)), seconds))
    .filter(({ framesPerSecond }) => framesPerSecond > 0)
    .sort((a, b) => b.bitsPerSecond - a.bitsPerSecond);
}

function talkOf(now: TrafficPair, earlier: TrafficPair | undefined, seconds: number): Talk {
  // Counters that went down were begun anew: nobody had looked for a while, or the server is another.
  const since = earlier !== undefined && earlier.frames <= now.frames ? earlier : { bytes: 0, frames: 0 };
  return {
    network: now.network,
    from: now.from,
    to: now.to,
    bitsPerSecond: ((now.bytes - since.bytes) * 8) / seconds,
    framesPerSecond: (now.frames - since.frames) / seconds,
  };
}

function keyOf({ network, from, to }: TrafficPair): string {
  return JSON.stringify([network, from, to]);
}
