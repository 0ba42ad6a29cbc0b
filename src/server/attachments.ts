import type { Port } from "../switch/port.ts";
import type { Network } from "./network.ts";
import type { Networks } from "./networks.ts";
import type { Peer } from "./peer.ts";
import { uplinkId } from "./peer-row.ts";
import type { Uplink } from "./uplink.ts";

export interface AttachmentsDeps {
  readonly networks: Networks;
  /** Everybody who is here, by number; kept by the server. */
  readonly peers: ReadonlyMap<number, Peer>;
}

/** Who is at the server's ports, by the `id` of its row. */
export class Attachments {
  readonly #deps: AttachmentsDeps;

  constructor(deps: AttachmentsDeps) {
    this.#deps = deps;
  }

  /** Digits only: Number would find peer 7 for " 7 " and "0x7". */
  peer(id: string): Peer | undefined {
    return /^[1-9]\d{0,15}$/.test(id) ? this.#deps.peers.get(Number(id)) : undefined;
  }

  uplink(id: string): { readonly network: Network; readonly uplink: Uplink } | undefined {
    const network = this.#deps.networks.all.find(({ definition }) => uplinkId(definition.name) === id);
    return network?.uplink === undefined ? undefined : { network, uplink: network.uplink };
  }

  /** The port of either. */
  port(id: string): { readonly network: Network; readonly port: Port } | undefined {
    const peer = this.peer(id);
    if (peer?.port !== undefined) return { network: peer.network, port: peer.port };
    const at = this.uplink(id);
    return at === undefined ? undefined : { network: at.network, port: at.uplink.port };
  }
}
