import type { FloodLog } from "../base/flood-log.ts";
import type { Closed } from "../transport/connection.ts";
import type { Incoming } from "../transport/incoming.ts";
import { printable } from "../wire/printable.ts";
import type { Admitted } from "./admission.ts";
import { logSourceOf } from "./log-source.ts";
import type { Peer } from "./peer.ts";
import { noticeOf, type OnPeer, type PeerNotice } from "./peer-notice.ts";
import type { Arrival } from "./session.ts";

export interface PeerLogDeps {
  readonly floodLog: FloodLog;
  /** Called for everybody who comes and goes, also where the log has had enough of him; not for who only looks. */
  readonly onPeer: OnPeer | undefined;
}

/** Tells how peers come and go, and of one that does it in a loop how often. Their tokens are secret, and in no line. */
export class PeerLog {
  readonly #deps: PeerLogDeps;

  constructor(deps: PeerLogDeps) {
    this.#deps = deps;
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
    const log = this.#deps.floodLog.about(logSourceOf(peer));
    log.info("peer.joined", `peer ${peer.id} joined ${network}: ${who}, ${what}, ${dialect}`, fields);
    this.#notify("join", peer);
  }

  /** One connection more; `heldFrames` waited for it. */
  resumed(peer: Peer, { via }: Incoming, connection: number, arrival: Arrival): void {
    const { id } = peer;
    const { heldFrames } = peer.session;
    const connections = peer.session.connections.length;
    const address = printable(peer.remote.address);
    const text = `peer ${id} is connected from ${address || via} (connection ${connection} ${arrival}, ${connections} open)`;
    const log = this.#deps.floodLog.about(logSourceOf(peer));
    log.info("peer.resumed", text, { peer: id, connection, arrival, address, connections, heldFrames });
  }

  connectionLost(peer: Peer, connection: number, { code, reason, by }: Closed): void {
    const { id } = peer;
    const connections = peer.session.connections.length;
    const why = reason === "" ? `code ${code}` : reason;
    const text = `peer ${id} lost connection ${connection}, ${connections} left: ${why}`;
    const log = this.#deps.floodLog.about(logSourceOf(peer));
    log.info("peer.connection-lost", text, { peer: id, connection, code, by, connections });
  }

  left(peer: Peer, { code, reason, by }: Closed): void {
    const { id, session } = peer;
    const { receivedBytes, sentBytes } = session.traffic;
    const text = `peer ${id} left: ${reason === "" ? `code ${code}` : reason}`;
    const log = this.#deps.floodLog.about(logSourceOf(peer));
    log.info("peer.left", text, { peer: id, code, by, receivedBytes, sentBytes });
    this.#notify("leave", peer);
  }

  #notify(event: PeerNotice["event"], peer: Peer): void {
    if (!peer.isGuest) this.#deps.onPeer?.(noticeOf(event, peer));
  }
}
