import type { IpVersion } from "../wire/ip-prefix.ts";
import { type Addon, loadAddon } from "./addon.ts";
import { parseRoutes, type Route } from "./route-message.ts";

/** The kernel's main table of routes, as far as we read and change it. What it throws is a `SystemFault`. */
export interface RouteTable {
  /** All routes of an IP version, or those of one protocol. */
  read(version: IpVersion, protocol?: number): readonly Route[];
  /** Makes the route to one address as `by` goes, or changes the one with this metric. */
  put(
    address: Uint8Array,
    by: Pick<Route, "gateway" | "source" | "index" | "isOnlink">,
    metric: number,
    protocol: number,
  ): void;
  remove(address: Uint8Array, metric: number, protocol: number): void;
  /** The interface's name; empty if there is none with this index. */
  linkName(index: number): string;
  /** The interface's index; 0 if there is none of this name. */
  linkIndex(name: string): number;
}

/** About 50,000 routes. Where there are more (a router of the Internet's core) the kernel's answer is not read at all. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;

/** The table of this network namespace. Changing it needs CAP_NET_ADMIN. */
export function kernelRoutes(addon: Addon = loadAddon()): RouteTable {
  // Pages that are not written to cost nothing.
  const answer = new Uint8Array(MAX_TABLE_BYTES);
  return {
    read: (version, protocol = 0) => parseRoutes(answer, addon.readRoutes(version, protocol, answer)),
    put: (address, { gateway, source, index, isOnlink }, metric, protocol) =>
      addon.putHostRoute(address, gateway, source, index, isOnlink, metric, protocol),
    remove: (address, metric, protocol) => addon.removeHostRoute(address, metric, protocol),
    linkName: (index) => addon.linkName(index),
    linkIndex: (name) => addon.linkIndex(name),
  };
}
