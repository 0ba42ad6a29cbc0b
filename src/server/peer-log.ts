import type { Logger } from "../base/logger.ts";
import type { Closed } from "../transport/connection.ts";
import type { Incoming } from "../transport/incoming.ts";
import { printable } from "../wire/printable.ts";
import type { Admitted } from "./admission.ts";
import type { Peer } from "./peer.ts";
import type { Arrival } from "./session.ts";

/** Tells how peers come and go. Their tokens are secret, and in no line. */
export class PeerLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  joined(peer: Peer, { via }: Incoming, { opening, identity, grant }: Admitted): void {
    const address = printable(peer.remote.address);
    const user = printable(peer.remote.user);
    const { dialect, mac, bridge } = opening;
    const who = `${user === "" ? "" : `${user} at `}${address === "" ? via : address}`;
    const what = `${bridge ? "bridge " : ""}${mac ?? "MAC not announced"}`;
    const { method } = identity;
    const groups = identity.groups.join(" ");
    const { network } = grant;
    const fields = { peer: peer.id, address, user, method, groups, network, via, dialect, mac, bridge };
    this.#log.info("peer.joined", `peer ${peer.id} joined ${network}: ${who}, ${what}, ${dialect}`, fields);
  }

  /** One connection more; `heldFrames` waited for it. */
  resumed(peer: Peer, { via }: Incoming, connection: number, arrival: Arrival): void {
    const { id } = peer;
    const { heldFrames } = peer.session;
    const connections = peer.session.connections.length;
    const address = printable(peer.remote.address);
    const text = `peer ${id} is connected from ${address || via} (connection ${connection} ${arrival}, ${connections} open)`;
    this.#log.info("peer.resumed", text, { peer: id, connection, arrival, address, connections, heldFrames });
  }

  connectionLost(peer: Peer, connection: number, { code, reason, by }: Closed): void {
    const { id } = peer;
    const connections = peer.session.connections.length;
    const why = reason === "" ? `code ${code}` : reason;
    const text = `peer ${id} lost connection ${connection}, ${connections} left: ${why}`;
    this.#log.info("peer.connection-lost", text, { peer: id, connection, code, by, connections });
  }

  left({ id, session }: Peer, { code, reason, by }: Closed): void {
    const { receivedBytes, sentBytes } = session.traffic;
    const text = `peer ${id} left: ${reason === "" ? `code ${code}` : reason}`;
    this.#log.info("peer.left", text, { peer: id, code, by, receivedBytes, sentBytes });
  }
}
