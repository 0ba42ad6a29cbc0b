/** What one direction of a path does to frames. Each may be changed while frames are under way. */
export interface DirectionSettings {
  /** Rate of the line, counted as `wireBytesOf` does; `Infinity` for no limit. */
  readonly bitsPerSecond: number;
  /** From the last bit sent to the first received, the same for all frames. */
  readonly delayMs: number;
  /** Each frame takes up to this much longer, evenly spread. Frames stay in order, so dense ones take nearly all of it. */
  readonly jitterMs: number;
  /** Share of frames that are lost on the line, 0 to 1. They take their time on it. */
  readonly loss: number;
  /** Mean length of a run of lost frames (Gilbert's model); 1 loses each frame for itself. */
  readonly lossBurstFrames: number;
  /** Share of frames that arrive twice. */
  readonly duplicate: number;
  /** Share of frames that are late by `reorderMs`, so that later ones overtake them. */
  readonly reorder: number;
  readonly reorderMs: number;
  /** Bytes that may wait for the line; what comes then is dropped. The smaller of this and `queueMs` counts. */
  readonly queueBytes: number;
  /** The same in time at the rate of the line. */
  readonly queueMs: number;
  /** The line is cut once per period of this length, in the last `cutMs` of it; 0 for never. Frames vanish meanwhile. */
  readonly cutEveryMs: number;
  readonly cutMs: number;
  /** TCP frames from or to this port vanish, as if that connection alone were cut; 0 for none. */
  readonly cutTcpPort: number;
}

/** A line that changes nothing. */
export const DIRECTION_DEFAULTS: DirectionSettings = Object.freeze({
  bitsPerSecond: Number.POSITIVE_INFINITY,
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  lossBurstFrames: 1,
  duplicate: 0,
  reorder: 0,
  reorderMs: 5,
  queueBytes: Number.POSITIVE_INFINITY,
  queueMs: Number.POSITIVE_INFINITY,
  cutEveryMs: 0,
  cutMs: 0,
  cutTcpPort: 0,
});

/** Both directions of a path: what is said for both, and what differs. "Up" is from the first end to the second. */
export interface PathSettings extends Partial<DirectionSettings> {
  readonly up?: Partial<DirectionSettings>;
  readonly down?: Partial<DirectionSettings>;
}

/** The settings of one direction after a change; throws a RangeError for what no line can do. */
export function changeDirection(
  before: DirectionSettings,
  { up, down, ...both }: PathSettings,
  which: "up" | "down",
): DirectionSettings {
  const after = Object.freeze({ ...before, ...both, ...(which === "up" ? up : down) });
  for (const [name, value] of Object.entries(after)) {
    if (!(value >= 0)) throw new RangeError(`${name} cannot be ${value}`);
  }
  for (const share of ["loss", "duplicate", "reorder"] as const) {
    if (after[share] > 1) throw new RangeError(`${share} is a share from 0 to 1, not ${after[share]}`);
  }
  if (after.bitsPerSecond === 0) throw new RangeError("bitsPerSecond cannot be 0: cut the path instead");
  return after;
}

/** What a frame has on the wire besides itself: preamble 8, FCS 4, interframe gap 12 (IEEE 802.3 clause 4). */
const WIRE_OVERHEAD_BYTES = 24;

/** The shortest frame without its FCS; shorter ones are padded on the wire. */
const FRAME_MIN_BYTES = 60;

/** Bytes that an Ethernet frame (without FCS) takes on the wire: 1538 for the usual largest of 1514. */
export function wireBytesOf(frameBytes: number): number {
  return Math.max(frameBytes, FRAME_MIN_BYTES) + WIRE_OVERHEAD_BYTES;
}
