import type { Mac } from "../wire/mac.ts";
import { printable } from "../wire/printable.ts";
import type { Peer } from "./peer.ts";

/** Who came or went, for those who are to be told beside the log. */
export interface PeerNotice {
  readonly event: "join" | "leave";
  /** Unique while the server runs. */
  readonly peer: number;
  /** Empty for an anonymous peer. */
  readonly user: string;
  readonly network: string;
  /** Announced, or shown since. */
  readonly mac: Mac | undefined;
  /** Where it is connected from; empty if nobody knows. */
  readonly address: string;
}

/** Must not throw, and not take long: frames wait. */
export type OnPeer = (notice: PeerNotice) => void;

export function noticeOf(event: PeerNotice["event"], peer: Peer): PeerNotice {
  const { id, mac, remote, grant } = peer;
  const [user, address] = [printable(remote.user), printable(remote.address)];
  return { event, peer: id, user, network: grant.network, mac, address };
}
