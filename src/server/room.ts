import type { Incoming } from "../transport/incoming.ts";
import { type Admitted, ownerOf, type Refused } from "./admission.ts";
import type { Network } from "./network.ts";
import type { Peer } from "./peer.ts";
import type { SessionTokens } from "./session-tokens.ts";
import type { Tenure } from "./tenure.ts";

export interface RoomDeps {
  /** By name. */
  readonly networks: { get(name: string): Network | undefined };
  readonly peers: { readonly size: number };
  readonly tenure: Pick<Tenure, "hasRoom" | "hasHeld">;
  readonly tokens: Pick<SessionTokens<Peer>, "find">;
}

/** A place that is free now. */
export interface Place {
  readonly state: "free";
  readonly network: Network;
}

/** A place in a session that is here already. */
export interface Claimed {
  readonly state: "claimed";
  readonly peer: Peer;
}

/** Where there is a place for one peer more, or for one connection more of a peer. */
export class Room {
  readonly #deps: RoomDeps;
  readonly #maxPeers: number;

  constructor(deps: RoomDeps, { maxPeers }: { readonly maxPeers: number }) {
    this.#deps = deps;
    this.#maxPeers = maxPeers;
  }

  /**
   * The place of somebody who may come in, and would be the peer `id`; or why there is none. A claim that is not good
   * is none: connection 0 begins a session anew, and another number has no session to be of.
   */
  placeFor(admitted: Admitted, id: number): Place | Claimed | Refused {
    const { session } = admitted.opening;
    if (session === undefined) return this.#newPlaceFor(admitted, id);
    const peer = this.#deps.tokens.find(session.token);
    if (peer?.isClaimedBy(admitted) === true) return { state: "claimed", peer };
    return session.connection === 0 ? this.#newPlaceFor(admitted, id) : sessionOver(admitted);
  }

  #newPlaceFor(admitted: Admitted, id: number): Place | Refused {
    const { networks, peers, tenure } = this.#deps;
    const { opening, identity, grant } = admitted;
    const owner = ownerOf(identity, opening.mac, id);
    const network = networks.get(grant.network);
    if (network === undefined) {
      return noRoom(admitted, 503, "network-missing", "The network is not there at the moment.");
    }
    if (peers.size >= this.#maxPeers && (opening.guest || !tenure.hasHeld)) {
      return noRoom(admitted, 503, "full", "This server has as many peers as it takes.");
    }
    if (opening.mac !== undefined && !network.guard.mayClaim(owner, opening.mac)) {
      return noRoom(admitted, 409, "mac-not-yours", "That MAC address belongs to somebody else.");
    }
    if (!tenure.hasRoom(owner, grant, opening.guest)) {
      return noRoom(admitted, 409, "sessions", "You have as many sessions as you may have.");
    }
    return { state: "free", network };
  }
}

/** The answer to who may come in, but not now or not like this. */
export function noRoom({ identity, remote }: Admitted, status: number, reason: string, message: string): Refused {
  const headers = [["Retry-After", "60"]] as const;
  return { state: "refused", status, reason, message, headers, user: identity.user, address: remote.address };
}

/** The answer to a claim of a session that is none, or not this client's. */
export function sessionOver({ identity, remote }: Admitted): Refused {
  const why = { status: 410, reason: "session-over", message: "That session is over: begin a new one." } as const;
  return { state: "refused", ...why, headers: [], user: identity.user, address: remote.address };
}

/** The answer to who claims its session again and again. */
export function claimsTooFast({ identity, remote }: Admitted): Refused {
  const why = { status: 503, reason: "claims", message: "Your connections come and go too fast." } as const;
  return { state: "refused", ...why, headers: [["Retry-After", "1"]], user: identity.user, address: remote.address };
}

/** The answer to who wants one connection more for itself, where others find hardly a first one. */
export function tooCrowded({ identity, remote }: Admitted): Refused {
  const why = { status: 503, reason: "crowded", message: "There is no room for more than one connection." } as const;
  return { state: "refused", ...why, headers: [["Retry-After", "60"]], user: identity.user, address: remote.address };
}

/** The answer to a request that is not even decided on. */
export function tooBusyFor({ origin }: Incoming): Refused {
  const why = { status: 503, reason: "busy", message: "Too many are waiting to be let in." } as const;
  const address = origin.kind === "tcp" ? origin.address : "";
  return { state: "refused", ...why, headers: [["Retry-After", "5"]], user: undefined, address };
}
