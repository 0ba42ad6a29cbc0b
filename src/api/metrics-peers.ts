import type { PeerRow } from "../control/model.ts";

export const PEER_STATES: readonly PeerRow["state"][] = ["open", "held", "leaving"];
export const PEER_DIALECTS = ["v1", "v2"] as const;

interface NetworkSums {
  readonly peers: Map<string, number>;
  queuedBytes: number;
  shutPorts: number;
}

/** What the metrics tell of all peers together, network by network: never of one of them. */
export class PeerSums {
  readonly #byNetwork = new Map<string, NetworkSums>();

  add({ kind, network, state, dialect, queuedBytes, shut }: PeerRow): void {
    const sums = this.#of(network);
    sums.queuedBytes += queuedBytes;
    if (shut) sums.shutPorts++;
    if (kind !== "peer" || dialect === null) return;
    const key = `${state} ${dialect}`;
    sums.peers.set(key, (sums.peers.get(key) ?? 0) + 1);
  }

  peers(network: string, state: PeerRow["state"], dialect: (typeof PEER_DIALECTS)[number]): number {
    return this.#byNetwork.get(network)?.peers.get(`${state} ${dialect}`) ?? 0;
  }

  queuedBytes(network: string): number {
    return this.#byNetwork.get(network)?.queuedBytes ?? 0;
  }

  shutPorts(network: string): number {
    return this.#byNetwork.get(network)?.shutPorts ?? 0;
  }

  #of(network: string): NetworkSums {
    const known = this.#byNetwork.get(network);
    if (known !== undefined) return known;
    const sums = { peers: new Map<string, number>(), queuedBytes: 0, shutPorts: 0 };
    this.#byNetwork.set(network, sums);
    return sums;
  }
}
