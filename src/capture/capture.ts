/** Bytes of a frame that may be asked for: the headers of most, and more than any frame has (as tcpdump's default). */
export const MIN_SNAP_BYTES = 64;
export const MAX_SNAP_BYTES = 262_144;

/** What somebody wants to see. */
export interface CaptureRequest {
  /** Only this network; undefined: all. */
  readonly network: string | undefined;
  /** Only this port, by the `id` of its peer or uplink, or all ports of a user; undefined: all. */
  readonly peer: string | undefined;
  /** In the language of filter.ts, such as `arp or port 53`; empty: everything. */
  readonly filter: string;
  /** Bytes of a frame that are kept, from MIN_SNAP_BYTES to MAX_SNAP_BYTES. */
  readonly snapBytes: number;
}

/**
 * Frames that pass some ports, as a pcapng file that does not end by itself. What is too much is lost and counted: a
 * capture never slows forwarding.
 */
export interface Capture {
  /** Frames that were left out: there was no room for them, or they came faster than a capture may take them. */
  readonly lostFrames: number;
  /** The file has ended, and all of it was taken: there is nothing left to see, or the server stops. */
  readonly isOver: boolean;
  /** The next bytes of the file, at most `maxBytes` and never none; undefined if there are none yet. The caller's to keep. */
  take(maxBytes: number): Uint8Array | undefined;
  /** Calls once, soon, when `take` has something or the capture is over. */
  onReadable(call: () => void): void;
  /** Idempotent. */
  close(): void;
}

export type CaptureOutcome =
  | { readonly state: "open"; readonly capture: Capture }
  /** `invalid`: the filter is wrong; `busy`: there are as many captures as there may be. */
  | { readonly state: "refused"; readonly why: "invalid" | "not-found" | "busy"; readonly message: string };
