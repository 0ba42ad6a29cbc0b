/**
 * The few fields of IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293) and UDP (RFC 768) headers that segmentation
 * reads or patches, as byte offsets into the header, and the walk from one header to the next. Each walk returns an
 * offset, or −1 for a packet that is cut short, lies about a length, or is not what was asked for.
 */
import { uint16At } from "./ethernet.ts";

export const IpProtocol = { tcp: 6, udp: 17 } as const;

export const IPV4_TOTAL_LENGTH = 2;
export const IPV4_IDENTIFICATION = 4;
const IPV4_FRAGMENT = 6;
const IPV4_PROTOCOL = 9;
export const IPV4_CHECKSUM = 10;
const IPV4_MIN_HEADER_BYTES = 20;
/** The more-fragments flag and the fragment offset: all zero in a packet that is whole. */
const IPV4_FRAGMENT_MASK = 0x3fff;

export const IPV6_PAYLOAD_LENGTH = 4;
const IPV6_NEXT_HEADER = 6;
export const IPV6_HEADER_BYTES = 40;
/** Extension headers to walk over before giving up; RFC 8200 section 4.1 knows no use for more than seven. */
const IPV6_MAX_EXTENSIONS = 8;
const IPV6_HOP_BY_HOP = 0;
const IPV6_ROUTING = 43;
const IPV6_DESTINATION = 60;

export const TCP_SEQUENCE = 4;
const TCP_DATA_OFFSET = 12;
export const TCP_FLAGS = 13;
export const TCP_CHECKSUM = 16;
const TCP_MIN_HEADER_BYTES = 20;
export const TcpFlag = { fin: 0x01, psh: 0x08, cwr: 0x80 } as const;

export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;
const UDP_HEADER_BYTES = 8;

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
  for (let walked = 0; walked < IPV6_MAX_EXTENSIONS && isIpv6Extension(next); walked++) {
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

function isIpv6Extension(nextHeader: number): boolean {
  return nextHeader === IPV6_HOP_BY_HOP || nextHeader === IPV6_ROUTING || nextHeader === IPV6_DESTINATION;
}
