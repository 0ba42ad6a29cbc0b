import type { FdbRow, NetworkInfo, PeerRow } from "../../../src/control/model.ts";
import { matches } from "../table/search.ts";
import { nameOf } from "../text/names.ts";
import type { NetworkMembers } from "./world.ts";

/** What there is to draw, before it has a place. */
export interface Scene {
  readonly networks: readonly NetworkMembers[];
  /** Peers and uplinks by id. */
  readonly rows: ReadonlyMap<string, PeerRow>;
  /** MACs behind each bridge, by its id. */
  readonly behind: ReadonlyMap<string, readonly string[]>;
}

export function sceneOf(peers: readonly PeerRow[], networks: readonly NetworkInfo[], fdb: readonly FdbRow[]): Scene {
  const rows = new Map(peers.map((row) => [row.id, row]));
  const byNetwork = new Map<string, string[]>(networks.map(({ name }) => [name, []]));
  for (const { id, kind, network } of peers) if (kind === "peer") byNetwork.get(network)?.push(id);
  const members = networks.map(({ name }) => ({
    name,
    uplink: uplinkOf(name, rows),
    peers: byNetwork.get(name) ?? [],
  }));
  return { networks: members, rows, behind: macsBehindBridges(rows, fdb) };
}

function uplinkOf(network: string, rows: ReadonlyMap<string, PeerRow>): string | undefined {
  return rows.get(`uplink:${network}`)?.id;
}

function macsBehindBridges(rows: ReadonlyMap<string, PeerRow>, fdb: readonly FdbRow[]): Map<string, string[]> {
  const behind = new Map<string, string[]>();
  for (const { peer, mac } of fdb) {
    const row = rows.get(peer);
    if (row === undefined || !row.bridge || row.mac === mac) continue;
    const macs = behind.get(peer) ?? [];
    macs.push(mac);
    behind.set(peer, macs);
  }
  // In the table's order they would change places all the time.
  for (const macs of behind.values()) macs.sort();
  return behind;
}

/** Ids of those that a search means; undefined if nothing is searched. */
export function found({ rows, behind }: Scene, search: string): ReadonlySet<string> | undefined {
  if (search.trim() === "") return undefined;
  const isFound = (row: PeerRow): boolean =>
    matches(search, [nameOf(row), row.id, row.address, row.mac, row.network, row.agent, ...(behind.get(row.id) ?? [])]);
  return new Set([...rows.values()].filter(isFound).map(({ id }) => id));
}
