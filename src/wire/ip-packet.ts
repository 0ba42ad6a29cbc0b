/**
 * The few fields of IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293) and UDP (RFC 768) headers that are read or
 * patched here, as byte offsets into the header, and the walks of segmentation from one header to the next: strict
 * ones, for packets of one kind that fill their frame. (PacketHeaders reads any packet.) Each walk returns an offset,
 * or −1 for a packet that is cut short, lies about a length, or is not what was asked for.
 */
import { uint16At } from "./ethernet.ts";

/** Upper-layer protocol numbers (IANA). */
export const IpProtocol = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  icmpv6: 58,
  sctp: 132,
  udpLite: 136,
} as const;

export const IPV4_TYPE_OF_SERVICE = 1;
export const IPV4_TOTAL_LENGTH = 2;
export const IPV4_IDENTIFICATION = 4;
/** Flags and fragment offset. */
export const IPV4_FRAGMENT = 6;
export const IPV4_TIME_TO_LIVE = 8;
export const IPV4_PROTOCOL = 9;
export const IPV4_CHECKSUM = 10;
export const IPV4_SOURCE = 12;
export const IPV4_DESTINATION = 16;
export const IPV4_MIN_HEADER_BYTES = 20;
/** Flags, and the offset in units of eight bytes. */
export const IPV4_DONT_FRAGMENT = 0x4000;
export const IPV4_MORE_FRAGMENTS = 0x2000;
export const IPV4_FRAGMENT_OFFSET = 0x1fff;
/** The more-fragments flag and the fragment offset: all zero in a packet that is whole. */
export const IPV4_FRAGMENT_MASK = IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET;

export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_HOP_LIMIT = 7;
export const IPV6_SOURCE = 8;
export const IPV6_DESTINATION = 24;
export const IPV6_HEADER_BYTES = 40;
/** What every link carries (RFC 8200 section 5). */
export const IPV6_MIN_MTU = 1280;
/** Extension headers to walk over before giving up; RFC 8200 section 4.1 knows no use for more than seven. */
export const IPV6_MAX_EXTENSIONS = 8;

/** Next header numbers of IPv6 extension headers (IANA). All but `fragment` and `authentication` share RFC 6564's form. */
export const Ipv6Extension = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  destinationOptions: 60,
  mobility: 135,
  hostIdentity: 139,
  shim6: 140,
} as const;

export const TCP_SEQUENCE = 4;
export const TCP_ACKNOWLEDGEMENT = 8;
/** Four bits of data offset, in words; reserved bits and flags; the window. */
export const TCP_DATA_OFFSET = 12;
export const TCP_FLAGS = 13;
export const TCP_CHECKSUM = 16;
export const TCP_URGENT = 18;
export const TCP_MIN_HEADER_BYTES = 20;
export const TcpFlag = { fin: 0x01, syn: 0x02, psh: 0x08, ack: 0x10, cwr: 0x80 } as const;

export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;
export const UDP_HEADER_BYTES = 8;

/** Length in bytes of the IPv4 header at `at`, options included. The caller has checked that it is there. */
export function ipv4HeaderBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) & 0x0f) << 2;
}

/** Where the `protocol` header starts in the unfragmented IPv4 packet that fills [at, end) exactly, or −1. */
export function ipv4TransportOffset(bytes: Uint8Array, at: number, end: number, protocol: number): number {
  if (at + IPV4_MIN_HEADER_BYTES > end || (bytes[at] as number) >>> 4 !== 4) return -1;
  const transport = at + ipv4HeaderBytes(bytes, at);
  if (transport < at + IPV4_MIN_HEADER_BYTES || transport > end) return -1;
  if (at + uint16At(bytes, at + IPV4_TOTAL_LENGTH) !== end) return -1;
  if ((uint16At(bytes, at + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK) !== 0) return -1;
  return bytes[at + IPV4_PROTOCOL] === protocol ? transport : -1;
}

/**
 * Where the `protocol` header starts in the IPv6 packet that fills [at, end) exactly, behind any hop-by-hop, routing
 * and destination options headers, or −1. A fragment header is not walked over, and a jumbogram (payload length
 * zero, RFC 2675) never fills its span.
 */
export function ipv6TransportOffset(bytes: Uint8Array, at: number, end: number, protocol: number): number {
  if (at + IPV6_HEADER_BYTES > end || (bytes[at] as number) >>> 4 !== 6) return -1;
  let offset = at + IPV6_HEADER_BYTES;
  if (offset + uint16At(bytes, at + IPV6_PAYLOAD_LENGTH) !== end) return -1;
  let next = bytes[at + IPV6_NEXT_HEADER] as number;
  for (let walked = 0; walked < IPV6_MAX_EXTENSIONS && isSkippedExtension(next); walked++) {
    if (offset + 8 > end) return -1;
    next = bytes[offset] as number;
    offset += ((bytes[offset + 1] as number) + 1) << 3;
  }
  return next === protocol && offset <= end ? offset : -1;
}

/** Where the payload of the TCP segment in [at, end) starts, or −1. */
export function tcpPayloadOffset(bytes: Uint8Array, at: number, end: number): number {
  if (at + TCP_MIN_HEADER_BYTES > end) return -1;
  const headerBytes = ((bytes[at + TCP_DATA_OFFSET] as number) >>> 4) << 2;
  return headerBytes >= TCP_MIN_HEADER_BYTES && at + headerBytes <= end ? at + headerBytes : -1;
}

/** Where the payload of the UDP datagram that fills [at, end) exactly starts, or −1. */
export function udpPayloadOffset(bytes: Uint8Array, at: number, end: number): number {
  const payload = at + UDP_HEADER_BYTES;
  return payload <= end && at + uint16At(bytes, at + UDP_LENGTH) === end ? payload : -1;
}

function isSkippedExtension(nextHeader: number): boolean {
  const { hopByHop, routing, destinationOptions } = Ipv6Extension;
  return nextHeader === hopByHop || nextHeader === routing || nextHeader === destinationOptions;
}
