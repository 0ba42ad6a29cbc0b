import type { ConnectionInfo, PeerDetail } from "../control/model.ts";
import { tidyMs } from "../control/tidy-milliseconds.ts";
import { type Port, UNLIMITED_MTU } from "../switch/port.ts";
import type { RateLimit } from "../switch/port-rules.ts";
import { printable } from "../wire/printable.ts";
import type { Network } from "./network.ts";
import type { Peer } from "./peer.ts";
import type { PeerConnection } from "./peer-connection.ts";
import { peerRow, uplinkRow } from "./peer-row.ts";
import { endMsOf } from "./tenure.ts";
import type { Uplink } from "./uplink.ts";

const BITS_PER_BYTE = 8;

/** Everything about a peer; looks through the forwarding table and the guard's bindings, so it is for one at a time. */
export function peerDetail(peer: Peer): PeerDetail {
  const { port, session, rules, admitted } = peer;
  const endMs = endMsOf(peer);
  return {
    ...peerRow(peer),
    groups: admitted.identity.groups.map((group) => printable(group)),
    expiresMs: Number.isFinite(endMs) ? endMs : null,
    links: session.connections.map(connectionInfo),
    heldFrames: session.heldFrames,
    rateUp: bitsPerSecond(rules.inForce.up),
    rateDown: bitsPerSecond(rules.inForce.down),
    ...(port === undefined ? NO_PORT : portDetail(peer.network, port)),
  };
}

/** Everything about the server's own TAP in a network. */
export function uplinkDetail(network: Network, uplink: Uplink, sinceMs: number): PeerDetail {
  return {
    ...uplinkRow(network, uplink, sinceMs),
    groups: [],
    expiresMs: null,
    links: [],
    heldFrames: 0,
    rateUp: null,
    rateDown: null,
    ...portDetail(network, uplink.port),
  };
}

type PortDetail = Pick<
  PeerDetail,
  "mtu" | "macs" | "addresses" | "ingressDrops" | "egressDrops" | "unlearnedFrames" | "tooBigAnswers" | "sentFragments"
>;

/** Of a peer that is about to be gone. */
const NO_PORT: PortDetail = {
  mtu: null,
  macs: [],
  addresses: [],
  ingressDrops: {},
  egressDrops: {},
  unlearnedFrames: 0,
  tooBigAnswers: 0,
  sentFragments: 0,
};

function portDetail(network: Network, port: Port): PortDetail {
  const { unlearnedFrames, tooBigAnswers, sentFragments } = port;
  return {
    mtu: port.mtu === UNLIMITED_MTU ? null : port.mtu,
    macs: Array.from(network.switch.entries(port), ({ mac, pinned, ageMs }) => ({ mac, pinned, ageMs: tidyMs(ageMs) })),
    addresses: addressesOf(network, port),
    ingressDrops: port.ingressDrops.toJSON(),
    egressDrops: port.egressDrops.toJSON(),
    unlearnedFrames,
    tooBigAnswers,
    sentFragments,
  };
}

/** Once each: an address may be assigned in several VLANs. */
function addressesOf({ guard }: Network, port: Port): PeerDetail["addresses"] {
  const byAddress = new Map<string, PeerDetail["addresses"][number]>();
  for (const { address, kind } of guard.addressesOf(port)) byAddress.set(address, { address, how: kind });
  return [...byAddress.values()];
}

function connectionInfo(connection: PeerConnection): ConnectionInfo {
  const { number, admitted, via, sinceMs, receivedBytes, sentBytes, gauges } = connection;
  const { roundTripMs, silentMs, queuedBytes, congestionControl, ecnMarks } = gauges;
  return {
    number,
    address: printable(admitted.remote.address),
    via,
    sinceMs,
    roundTripMs: roundTripMs === undefined ? null : tidyMs(roundTripMs),
    silentMs: tidyMs(silentMs),
    queuedBytes,
    receivedBytes,
    sentBytes,
    congestionControl: congestionControl ?? null,
    ecnMarks,
  };
}

function bitsPerSecond(limit: RateLimit | undefined): number | null {
  return limit === undefined ? null : limit.bytesPerSecond * BITS_PER_BYTE;
}
