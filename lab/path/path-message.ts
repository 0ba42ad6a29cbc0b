/** What a path's process is told and answers, over Node's channel between parent and child (structured clones). */
import type { DirectionCounters } from "./direction.ts";
import type { PathSettings } from "./direction-settings.ts";

export interface PathOpening {
  /** Names of the two TAPs to make; they are moved to their namespaces by the parent. */
  readonly devices: readonly [string, string];
  readonly mtu: number;
  readonly seed: number;
  readonly settings: PathSettings;
}

export type PathOrder =
  | { readonly kind: "open"; readonly opening: PathOpening }
  | { readonly kind: "set"; readonly settings: PathSettings }
  /** Both directions; 0 mends it at once. */
  | { readonly kind: "cut"; readonly lengthMs: number }
  | { readonly kind: "counters" };

/** Both directions; "up" is from the first end to the second. */
export interface PathCounters {
  readonly up: DirectionCounters;
  readonly down: DirectionCounters;
}

export interface PathRequest {
  readonly id: number;
  readonly order: PathOrder;
}

/** Every order is answered, in order. */
export interface PathReply {
  readonly id: number;
  readonly counters?: PathCounters;
  /** Why it was not done. */
  readonly error?: string;
}
