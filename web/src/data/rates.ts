import type { Traffic } from "../../../src/control/model.ts";

/** Per second, between two looks at the same counters. */
export interface Rates {
  readonly receivedBits: number;
  readonly sentBits: number;
  readonly receivedFrames: number;
  readonly sentFrames: number;
  /** Frames. */
  readonly drops: number;
}

export interface TrafficAt {
  readonly atMs: number;
  readonly traffic: Traffic;
}

export const NO_RATES: Rates = { receivedBits: 0, sentBits: 0, receivedFrames: 0, sentFrames: 0, drops: 0 };

/** Undefined if no time passed, or a counter went down: it is another one's. */
export function ratesBetween(before: TrafficAt, after: TrafficAt): Rates | undefined {
  const seconds = (after.atMs - before.atMs) / 1000;
  const since = (key: keyof Traffic): number => after.traffic[key] - before.traffic[key];
  const keys = Object.keys(before.traffic) as (keyof Traffic)[];
  if (seconds <= 0 || keys.some((key) => since(key) < 0)) return undefined;
  return {
    receivedBits: (since("receivedBytes") * 8) / seconds,
    sentBits: (since("sentBytes") * 8) / seconds,
    receivedFrames: since("receivedFrames") / seconds,
    sentFrames: since("sentFrames") / seconds,
    drops: since("drops") / seconds,
  };
}

/** Between each sample and the one before it; a gap, or a counter that went down, is `undefined`. */
export function ratesOf(samples: readonly TrafficAt[]): readonly (Rates | undefined)[] {
  return samples.map((sample, place) => {
    const before = samples[place - 1];
    return before === undefined ? undefined : ratesBetween(before, sample);
  });
}
