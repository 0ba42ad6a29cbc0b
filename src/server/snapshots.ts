import type { PeerSnapshot } from "../control/peer-snapshot.ts";
import type { Mac } from "../wire/mac.ts";
import type { Network } from "./network.ts";
import type { Peer } from "./peer.ts";
import type { Uplink } from "./uplink.ts";

/** The uplinks' id in the control interface; peers count from 1. */
const UPLINK_ID = 0;

/** Every attachment at this moment: the uplinks first, then the peers in the order they came. */
export function snapshotsOf(
  networks: readonly Network[],
  peers: readonly Peer[],
  startedMs: number,
): readonly PeerSnapshot[] {
  const learned = new Map(networks.map((network) => [network, learnedMacs(network)]));
  const at = (network: Network, port: number): readonly Mac[] => learned.get(network)?.get(port) ?? [];
  const snapshots: PeerSnapshot[] = [];
  for (const network of networks) {
    const { uplink } = network;
    if (uplink !== undefined) snapshots.push(uplinkSnapshot(uplink, at(network, uplink.port.index), startedMs));
  }
  for (const peer of peers) snapshots.push(peerSnapshot(peer, at(peer.network, peer.port?.index ?? -1)));
  return snapshots;
}

function learnedMacs(network: Network): ReadonlyMap<number, readonly Mac[]> {
  const byPort = new Map<number, Mac[]>();
  for (const { port, mac, pinned } of network.switch.entries()) {
    if (pinned) continue;
    const macs = byPort.get(port);
    if (macs === undefined) byPort.set(port, [mac]);
    else macs.push(mac);
  }
  return byPort;
}

function uplinkSnapshot({ port }: Uplink, learned: readonly Mac[], startedMs: number): PeerSnapshot {
  return {
    id: UPLINK_ID,
    mac: port.mac,
    remoteAddress: "",
    user: "",
    distinguishedName: "",
    sinceMs: startedMs,
    bridge: port.bridge,
    learnedMacs: learned,
    sentBytes: port.sentBytes,
    receivedBytes: port.receivedBytes,
    connections: 0,
  };
}

function peerSnapshot(peer: Peer, learnedMacs: readonly Mac[]): PeerSnapshot {
  const { id, mac, sinceMs } = peer;
  const connections = peer.session.connections.length;
  const { address: remoteAddress, user, distinguishedName } = peer.remote;
  const { sentBytes, receivedBytes } = peer.session.traffic;
  const who = { id, mac, remoteAddress, user, distinguishedName, sinceMs, bridge: peer.admitted.opening.bridge };
  return { ...who, learnedMacs, sentBytes, receivedBytes, connections };
}
