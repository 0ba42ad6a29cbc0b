import type { PeerRow } from "../control/model.ts";
import { tidyMs } from "../control/tidy-milliseconds.ts";
import type { Port } from "../switch/port.ts";
import { printable } from "../wire/printable.ts";
import type { Network } from "./network.ts";
import { Peer } from "./peer.ts";
import { TrafficTotals, trafficOf } from "./traffic-totals.ts";
import type { Uplink } from "./uplink.ts";

/** Of a peer whose port is gone; it is about to be gone itself. */
const NOTHING = new TrafficTotals();

/**
 * A peer as a row of a table: a snapshot of its counters, and no look into any table. Measured: 2 µs, and 6 until it is
 * compiled, so 10,000 rows take 20 to 60 ms; who wants to keep frames going meanwhile pauses between some of them.
 */
export function peerRow(peer: Peer): PeerRow {
  const { session, network, port, remote, admitted } = peer;
  const { identity, opening } = admitted;
  const { receivedBytes, sentBytes } = session.traffic;
  return {
    id: String(peer.id),
    kind: "peer",
    network: network.definition.name,
    user: printable(remote.user),
    method: identity.method,
    mac: peer.mac ?? null,
    bridge: opening.bridge,
    guest: opening.guest,
    address: printable(remote.address),
    distinguishedName: printable(remote.distinguishedName),
    dialect: opening.dialect,
    agent: peer.agent ?? null,
    state: session.state === "over" ? "leaving" : session.state,
    sinceMs: peer.sinceMs,
    connections: session.connections.length,
    roundTripMs: shortestRoundTripMs(peer),
    queuedBytes: queuedBytes(peer),
    isolated: port?.isolated ?? false,
    shut: port !== undefined && network.guard.isShut(port),
    traffic: trafficOf(port ?? NOTHING),
    wire: { receivedBytes, sentBytes },
  };
}

function shortestRoundTripMs({ session }: Peer): number | null {
  let shortestMs: number | null = null;
  for (const { gauges } of session.connections) {
    const { roundTripMs } = gauges;
    if (roundTripMs !== undefined && (shortestMs === null || roundTripMs < shortestMs)) shortestMs = roundTripMs;
  }
  return shortestMs === null ? null : tidyMs(shortestMs);
}

function queuedBytes({ session }: Peer): number {
  let bytes = 0;
  for (const { gauges } of session.connections) bytes += gauges.queuedBytes;
  return bytes;
}

/** The server's own TAP in a network as a row beside its peers. */
export function uplinkRow({ definition: { name }, guard }: Network, { port }: Uplink, sinceMs: number): PeerRow {
  const { receivedBytes, sentBytes, bridge, isolated } = port;
  return {
    id: uplinkId(name),
    kind: "uplink",
    network: name,
    user: "",
    method: "",
    mac: port.mac ?? null,
    bridge,
    guest: false,
    address: "",
    distinguishedName: "",
    dialect: null,
    agent: null,
    state: "open",
    sinceMs,
    connections: 0,
    roundTripMs: null,
    queuedBytes: 0,
    isolated,
    shut: guard.isShut(port),
    traffic: trafficOf(port),
    wire: { receivedBytes, sentBytes },
  };
}

/** The row's id of a network's uplink. */
export function uplinkId(network: string): string {
  return `uplink:${network}`;
}

/** The row's id of whoever is at a port; the server attaches none but peers and uplinks. */
export function idAt({ definition: { name } }: Network, { egress }: Port): string {
  return egress instanceof Peer ? String(egress.id) : uplinkId(name);
}

/** The user at a port; empty for an anonymous peer and an uplink. */
export function userAt({ egress }: Port): string {
  return egress instanceof Peer ? printable(egress.remote.user) : "";
}
