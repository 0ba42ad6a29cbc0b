import type { Incoming } from "../transport/incoming.ts";
import { type Admitted, ownerOf, type Refused } from "./admission.ts";
import type { Network } from "./network.ts";
import type { Tenure } from "./tenure.ts";

export interface RoomDeps {
  /** By name. */
  readonly networks: ReadonlyMap<string, Network>;
  readonly peers: { readonly size: number };
  readonly tenure: Pick<Tenure, "hasRoom">;
}

/** A place that is free now. */
export interface Place {
  readonly state: "free";
  readonly network: Network;
}

/** Where there is a place for one peer more. */
export class Room {
  readonly #deps: RoomDeps;
  readonly #maxPeers: number;

  constructor(deps: RoomDeps, { maxPeers }: { readonly maxPeers: number }) {
    this.#deps = deps;
    this.#maxPeers = maxPeers;
  }

  /** The place of somebody who may come in, and would be the peer `id`; or why there is none. */
  placeFor(admitted: Admitted, id: number): Place | Refused {
    const { networks, peers, tenure } = this.#deps;
    const { opening, identity, grant } = admitted;
    const owner = ownerOf(identity, opening.mac, id);
    const network = networks.get(grant.network);
    if (network === undefined) {
      return noRoom(admitted, 503, "network-missing", "The network is not there at the moment.");
    }
    if (peers.size >= this.#maxPeers) {
      return noRoom(admitted, 503, "full", "This server has as many peers as it takes.");
    }
    if (opening.mac !== undefined && !network.guard.mayClaim(owner, opening.mac)) {
      return noRoom(admitted, 409, "mac-not-yours", "That MAC address belongs to somebody else.");
    }
    if (!tenure.hasRoom(owner, grant)) {
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

/** The answer to a request that is not even decided on. */
export function tooBusyFor({ origin }: Incoming): Refused {
  const why = { status: 503, reason: "busy", message: "Too many are waiting to be let in." } as const;
  const address = origin.kind === "tcp" ? origin.address : "";
  return { state: "refused", ...why, headers: [["Retry-After", "5"]], user: undefined, address };
}
