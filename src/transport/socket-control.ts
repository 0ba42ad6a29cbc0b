/** What the kernel knows of a connected socket, now. */
export interface SocketState {
  /** Smoothed round trip as TCP sees it; 0 if unknown, as on a unix socket. */
  roundTripMs: number;
  /** Bytes that the socket took and has not sent yet; on a unix socket those that the other end has not read. */
  unsentBytes: number;
  /** How fast TCP would send now, by its own estimate; 0 if unknown, `Infinity` for no limit. */
  pacedBytesPerMs: number;
  /** The shortest round trip of the last minutes; 0 if unknown. */
  minRoundTripMs: number;
  /** Bytes on their way to the other end, or lost without our knowing. */
  flightBytes: number;
  /** Bytes that have arrived there since the beginning, about. */
  deliveredBytes: number;
}

/** What Node has no name for on a socket that carries frames. None of it throws: a socket may be gone at any time. */
export interface SocketControl {
  /** The kernel's name of its congestion control; undefined if it is no TCP. */
  readonly congestionControl: string | undefined;
  /** Reads into `state`; false if the socket is gone. */
  read(state: SocketState): boolean;
  /**
   * BBR stops nearly all sending for 200 ms, every 10 s, to measure the round trip of an empty path; for whoever keeps the
   * path empty by himself that is a pause for nothing. This puts it off for another 10 s, where it can be.
   */
  putOffPause(): void;
  /** With more unsent bytes than this the socket takes no more; `Infinity` for as much as its buffer holds. */
  limitUnsent(bytes: number): void;
}
