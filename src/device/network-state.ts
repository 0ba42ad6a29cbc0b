import { closeSync, openSync, readSync } from "node:fs";
import { networkInterfaces } from "node:os";

/**
 * The kernel's tables of routes in this network namespace, one line each (net/ipv4/fib_trie.c, net/ipv6/route.c):
 *
 *     route       Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT      numbers in hex
 *     ipv6_route  destination bits source bits next-hop metric refcnt use flags device
 */
const IPV4_ROUTES = "/proc/net/route";
const IPV6_ROUTES = "/proc/net/ipv6_route";

const IPV4_FIELDS = 11;
const IPV6_FIELDS = 10;

/** What is looked at of a table. A router's may have a million lines; the ways out that matter to a client are few. */
const MAX_TABLE_CHARACTERS = 65_536;

/** Routes to a single host say nothing of the way to elsewhere, and the client makes one for its server itself. */
const HOST_MASK = "FFFFFFFF";
const HOST_PREFIX = "80";

/**
 * Addresses and routes as one text, to be compared with an earlier one: what only counts, such as the lifetime that a
 * router's advertisement renews, is not in it, and neither is the device named `except`.
 */
export function readNetworkState(except: string): string {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
    name === except ? [] : all.map(({ cidr }) => `${name} ${cidr}`),
  );
  return [...addresses, ...ipv4Routes(readTable(IPV4_ROUTES), except), ...ipv6Routes(readTable(IPV6_ROUTES), except)]
    .sort()
    .join("\n");
}

export function ipv4Routes(table: string, except: string): readonly string[] {
  return rowsOf(table, IPV4_FIELDS).flatMap(([device, destination, gateway, , , , metric, mask]) =>
    device === except || mask === HOST_MASK ? [] : [`${device} ${destination}/${mask} ${gateway} ${metric}`],
  );
}

export function ipv6Routes(table: string, except: string): readonly string[] {
  return rowsOf(table, IPV6_FIELDS).flatMap(([destination, bits, , , nextHop, metric, , , , device]) =>
    device === except || bits === HOST_PREFIX ? [] : [`${device} ${destination}/${bits} ${nextHop} ${metric}`],
  );
}

/** A last row that was cut off is left out. */
function rowsOf(table: string, fields: number): readonly (readonly string[])[] {
  const lines = table.slice(0, MAX_TABLE_CHARACTERS).split("\n");
  return lines.map((line) => line.trim().split(/\s+/)).filter(({ length }) => length === fields);
}

/** The table's beginning, all of which the kernel would take long to write; empty where there is none, as without IPv6. */
function readTable(path: string): string {
  try {
    const fd = openSync(path, "r");
    try {
      return readBeginning(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}

/** The kernel gives less at a time than there is room for. */
function readBeginning(fd: number): string {
  const bytes = Buffer.alloc(MAX_TABLE_CHARACTERS);
  let end = 0;
  for (let read = -1; read !== 0 && end < bytes.length; end += read)
    read = readSync(fd, bytes, end, bytes.length - end, null);
  return bytes.toString("latin1", 0, end);
}
