import type { PathSettings } from "./direction-settings.ts";

/** Paths that people are on, seen from the client: "up" is from it to the server. Figures are for one direction. */
export const PROFILES = Object.freeze({
  /** A switched gigabit office: a fraction of a millisecond, no loss, a few hundred KiB in the switch. */
  lan: { bitsPerSecond: 1e9, delayMs: 0.1, queueMs: 5 },

  /** VDSL2 of 50/10 Mbit/s: interleaving makes 20 ms of round trip, the modem's upload buffer holds a quarter second. */
  dsl: {
    ...{ delayMs: 10, jitterMs: 1, loss: 0.0001 },
    up: { bitsPerSecond: 10e6, queueMs: 250 },
    down: { bitsPerSecond: 50e6, queueMs: 100 },
  },

  /** A mobile phone in a city: scheduling makes jitter, radio repeats what is lost, so buffers are deep and loss is rare. */
  lte: {
    ...{ delayMs: 22, jitterMs: 12, loss: 0.0005 },
    up: { bitsPerSecond: 12e6, queueMs: 500 },
    down: { bitsPerSecond: 40e6, queueMs: 400 },
  },

  /** Geostationary: 35,786 km up and down and as much back is 480 ms at least, with gateways about 600. */
  satellite: {
    ...{ delayMs: 300, jitterMs: 5, loss: 0.002, lossBurstFrames: 3 },
    up: { bitsPerSecond: 4e6, queueMs: 400 },
    down: { bitsPerSecond: 40e6, queueMs: 250 },
  },

  /** LTE between cells at 200 km/h, losses in runs at each handover, and a tunnel: 3 s without a path in every 30. */
  train: {
    ...{ delayMs: 35, jitterMs: 25, loss: 0.01, lossBurstFrames: 8, cutEveryMs: 30_000, cutMs: 3_000 },
    up: { bitsPerSecond: 5e6, queueMs: 600 },
    down: { bitsPerSecond: 20e6, queueMs: 600 },
  },

  /** An access point shared by a whole floor behind a small DSL: losses in runs, bad order, a bloated upload. */
  "hotel-wifi": {
    ...{ delayMs: 15, jitterMs: 15, loss: 0.01, lossBurstFrames: 3, reorder: 0.002, reorderMs: 8, duplicate: 0.0005 },
    up: { bitsPerSecond: 2e6, queueMs: 800 },
    down: { bitsPerSecond: 8e6, queueMs: 400 },
  },

  /** Europe to Australia by cable: 280 ms of round trip, carriers that lose little and buffer little. */
  intercontinental: { bitsPerSecond: 100e6, delayMs: 140, jitterMs: 1, loss: 0.0002, queueMs: 50 },

  /** What calls beside uploads are measured on: 20 Mbit/s, 40 ms of round trip, an ordinary router's 100 ms of queue. */
  narrow: { bitsPerSecond: 20e6, delayMs: 20, queueMs: 100 },

  /** What several connections are measured on: 50 Mbit/s, 60 ms of round trip, every hundredth frame lost either way. */
  lossy: { bitsPerSecond: 50e6, delayMs: 30, loss: 0.01, queueMs: 100 },
} satisfies Record<string, PathSettings>);

export type ProfileName = keyof typeof PROFILES;

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}
