import type { Mac } from "../wire/mac.ts";

/** What is known of one attachment at one moment: plain values, for every view on the server. */
export interface PeerSnapshot {
  readonly id: number;
  /** The port's MAC; undefined while it has shown none. */
  readonly mac: Mac | undefined;
  readonly remoteAddress: string;
  readonly user: string;
  readonly distinguishedName: string;
  /** Wall-clock time of the admission, Unix milliseconds. */
  readonly sinceMs: number;
  readonly bridge: boolean;
  /** MACs learned behind a bridge port, its own not included. */
  readonly learnedMacs: readonly Mac[];
  /** Bytes on the wire, to and from the peer. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Open connections; none while its session waits for it to come back, and for the server's own TAP. */
  readonly connections: number;
}
