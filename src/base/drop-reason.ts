/**
 * Why a frame was lost: a closed list, because "a lost frame is a value with a reason". The values are small
 * integers so that counting one is an array increment; `DROP_NAMES` gives the text that users see.
 */
export const Drop = {
  /** Not dropped. */
  none: 0,
  /** Shorter than an Ethernet header (14 bytes). */
  runt: 1,
  /** Source MAC is zero or broadcast. */
  sourceInvalid: 2,
  /** Destination MAC is zero. */
  destinationInvalid: 3,
  /** Destination equals source. */
  loop: 4,
  /** A pinned port sent from a MAC that is not its own. */
  sourceNotPinned: 5,
  /** Unknown unicast and no bridge port to give it to. */
  noDestination: 6,
  /** The destination is behind the port the frame came from. */
  samePort: 7,
  /** The egress queue of the destination was full. */
  egressFull: 8,
  /** The frame is larger than the destination takes and cannot be segmented. */
  tooBig: 9,
  /** A virtio-net header that lies about its frame, or asks for what we do not know. */
  vnetHeaderInvalid: 10,
  /** A message too short to hold what its protocol says it holds. */
  messageTruncated: 11,
  /** The device refused the frame (link down, kernel out of memory). */
  deviceRefused: 12,
  /** The port is closing or not connected. */
  portClosed: 13,
} as const;

export type DropReason = (typeof Drop)[keyof typeof Drop];

/** Text of each reason, by its number; stable, used in metrics and JSON. */
export const DROP_NAMES: readonly string[] = [
  "none",
  "runt",
  "source-invalid",
  "destination-invalid",
  "loop",
  "source-not-pinned",
  "no-destination",
  "same-port",
  "egress-full",
  "too-big",
  "vnet-header-invalid",
  "message-truncated",
  "device-refused",
  "port-closed",
];

/** One counter per reason; incrementing allocates nothing. */
export class DropCounters {
  readonly #counts = new Float64Array(DROP_NAMES.length);

  add(reason: DropReason, frames = 1): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + frames;
  }

  get(reason: DropReason): number {
    return this.#counts[reason] ?? 0;
  }

  /** Frames dropped for any reason. */
  get total(): number {
    let sum = 0;
    for (const count of this.#counts) sum += count;
    return sum;
  }

  /** The counters that are not zero, by name. */
  toJSON(): Record<string, number> {
    const result: Record<string, number> = {};
    for (const [reason, name] of DROP_NAMES.entries()) {
      const count = this.#counts[reason] ?? 0;
      if (count > 0) result[name] = count;
    }
    return result;
  }
}
