import type { PeerDetail } from "../../../src/control/model.ts";
import { ratesBetween, type TrafficAt } from "./rates.ts";

export interface PeerSample extends TrafficAt {
  readonly roundTripMs: number | null;
  readonly queuedBytes: number;
}

/** Five minutes of looks a second apart. */
const KEPT_SAMPLES = 300;

/** What was seen of one peer since its page was opened, with one more look; begins again if it is another peer. */
export function withSample(samples: readonly PeerSample[], peer: PeerDetail, atMs: number): readonly PeerSample[] {
  const { traffic, roundTripMs, queuedBytes } = peer;
  const next = { atMs, traffic, roundTripMs, queuedBytes };
  const last = samples.at(-1);
  if (last === undefined) return [next];
  if (atMs <= last.atMs) return samples;
  return ratesBetween(last, next) === undefined ? [next] : [...samples.slice(1 - KEPT_SAMPLES), next];
}
