/**
 * Routes as the kernel lists them: RTM_NEWROUTE messages one behind the other (linux/rtnetlink.h, RFC 3549 section 3.1.1).
 * Numbers are in the machine's own order, addresses in network order, and each part begins at a multiple of four.
 *
 *     0        4      6       8          16                                                        28
 *     │ length │ type │ flags │ seq, pid │ family, bits, source bits, tos, table, protocol, scope, type, flags │ attributes …
 *
 *     attribute:  │ length 2 │ type 2 │ value …
 */
import { endianness } from "node:os";
import type { IpPrefix } from "../wire/ip-prefix.ts";

/** One way to a prefix. Of a route with several next hops the first one stands for all. */
export interface Route {
  readonly destination: IpPrefix;
  /** 4 or 16 bytes, none for a route without a gateway. An IPv4 route may have an IPv6 gateway. */
  readonly gateway: Uint8Array;
  /** Our own address for packets that go this way; none if the kernel chooses. */
  readonly source: Uint8Array;
  /** Index of the interface; 0 if the route has none. */
  readonly index: number;
  readonly metric: number;
  /** RTPROT_*: who made it. */
  readonly protocol: number;
  /** Whether packets go this way: RTN_UNICAST, and not one that refuses or swallows them. */
  readonly isUnicast: boolean;
  /** The gateway is taken for a neighbour, whatever addresses there are. */
  readonly isOnlink: boolean;
  /** The interface has no carrier: the kernel may not use this way. */
  readonly isDown: boolean;
}

/** Made by the kernel, with an address of an interface. */
export const RTPROT_KERNEL = 2;

const IS_LITTLE_ENDIAN = endianness() === "LE";
const RTM_NEWROUTE = 24;
const MESSAGE_HEADER_BYTES = 16;
const ROUTE_HEADER_BYTES = 12;
const ATTRIBUTE_HEADER_BYTES = 4;
const NEXT_HOP_BYTES = 8;

const AF_INET = 2;
const AF_INET6 = 10;
const RT_TABLE_MAIN = 254;
const RTN_UNICAST = 1;
const RTM_F_CLONED = 0x200;
const Flag = { dead: 0x01, onlink: 0x04, linkDown: 0x10 } as const;
const Attribute = {
  destination: 1,
  index: 4,
  gateway: 5,
  metric: 6,
  source: 7,
  multipath: 9,
  table: 15,
  via: 18,
} as const;

const NO_BYTES = new Uint8Array(0);

/** Every route of the main table in [0, length); what makes no sense, or is for some sources or services only, is left out. */
export function parseRoutes(bytes: Uint8Array, length: number): Route[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const routes: Route[] = [];
  for (let at = 0; at + MESSAGE_HEADER_BYTES <= length; ) {
    const messageBytes = view.getUint32(at, IS_LITTLE_ENDIAN);
    if (messageBytes < MESSAGE_HEADER_BYTES || at + messageBytes > length) break;
    const isRoute = view.getUint16(at + 4, IS_LITTLE_ENDIAN) === RTM_NEWROUTE;
    const route = isRoute ? parseRoute(view, at + MESSAGE_HEADER_BYTES, at + messageBytes) : undefined;
    if (route !== undefined) routes.push(route);
    at += aligned(messageBytes);
  }
  return routes;
}

/** The attributes of one route, as they come. */
interface Attributes {
  destination: Uint8Array;
  gateway: Uint8Array;
  source: Uint8Array;
  index: number;
  metric: number;
  table: number;
  /** Of the first of several next hops. */
  hopFlags: number;
}

function parseRoute(view: DataView, at: number, end: number): Route | undefined {
  if (at + ROUTE_HEADER_BYTES > end) return undefined;
  const [family, bits, sourceBits, tos] = [0, 1, 2, 3].map((i) => view.getUint8(at + i)) as [
    number,
    number,
    number,
    number,
  ];
  const flags = view.getUint32(at + 8, IS_LITTLE_ENDIAN);
  const addressBytes = family === AF_INET ? 4 : 16;
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  if (bits > 8 * addressBytes || sourceBits > 0 || tos > 0 || (flags & RTM_F_CLONED) !== 0) return undefined;
  const found: Attributes = {
    destination: new Uint8Array(addressBytes),
    gateway: NO_BYTES,
    source: NO_BYTES,
    index: 0,
    metric: 0,
    table: view.getUint8(at + 4),
    hopFlags: flags,
  };
  readAttributes(view, at + ROUTE_HEADER_BYTES, end, found);
  if (found.table !== RT_TABLE_MAIN || found.destination.length !== addressBytes) return undefined;
  const { gateway, source, index, metric, hopFlags } = found;
  return {
    destination: { version: family === AF_INET ? 4 : 6, bytes: found.destination, bits },
    gateway,
    source,
    index,
    metric,
    protocol: view.getUint8(at + 5),
    isUnicast: view.getUint8(at + 7) === RTN_UNICAST,
    isOnlink: (hopFlags & Flag.onlink) !== 0,
    isDown: (hopFlags & (Flag.dead | Flag.linkDown)) !== 0,
  };
}

function readAttributes(view: DataView, start: number, end: number, found: Attributes): void {
  for (let at = start; at + ATTRIBUTE_HEADER_BYTES <= end; ) {
    const attributeBytes = view.getUint16(at, IS_LITTLE_ENDIAN);
    if (attributeBytes < ATTRIBUTE_HEADER_BYTES || at + attributeBytes > end) return;
    const type = view.getUint16(at + 2, IS_LITTLE_ENDIAN);
    readAttribute(view, type, at + ATTRIBUTE_HEADER_BYTES, at + attributeBytes, found);
    at += aligned(attributeBytes);
  }
}

function readAttribute(view: DataView, type: number, at: number, end: number, found: Attributes): void {
  const isNumber = end - at === 4;
  if (type === Attribute.destination) found.destination = copy(view, at, end);
  else if (type === Attribute.gateway) found.gateway = copy(view, at, end);
  else if (type === Attribute.source) found.source = copy(view, at, end);
  else if (type === Attribute.via && end - at > 2) found.gateway = copy(view, at + 2, end);
  else if (type === Attribute.multipath) readFirstHop(view, at, end, found);
  else if (type === Attribute.index && isNumber) found.index = view.getUint32(at, IS_LITTLE_ENDIAN);
  else if (type === Attribute.metric && isNumber) found.metric = view.getUint32(at, IS_LITTLE_ENDIAN);
  else if (type === Attribute.table && isNumber) found.table = view.getUint32(at, IS_LITTLE_ENDIAN);
}

/** struct rtnexthop: length 2, flags 1, weight 1, index 4, then attributes of its own. */
function readFirstHop(view: DataView, at: number, end: number, found: Attributes): void {
  if (at + NEXT_HOP_BYTES > end) return;
  const hopEnd = at + view.getUint16(at, IS_LITTLE_ENDIAN);
  found.hopFlags = view.getUint8(at + 2);
  found.index = view.getUint32(at + 4, IS_LITTLE_ENDIAN);
  if (hopEnd <= end) readAttributes(view, at + NEXT_HOP_BYTES, hopEnd, found);
}

function copy(view: DataView, at: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice();
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
