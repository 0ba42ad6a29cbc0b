/**
 * Which frames go first when frames have to wait: those without which nothing else goes on (ARP, neighbour discovery,
 * DHCP, DNS), those that clock or end a TCP connection, and what somebody watches while it travels (echo, voice). All
 * are small, so that going first costs the others little. Headers are read as in flow.ts: no length is believed.
 */
import { EtherType, networkHeaderOffset, uint16At } from "./ethernet.ts";
import {
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_MASK,
  IPV4_MIN_HEADER_BYTES,
  IPV4_PROTOCOL,
  IPV4_TOTAL_LENGTH,
  IPV6_HEADER_BYTES,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IpProtocol,
  ipv4HeaderBytes,
  tcpPayloadOffset,
} from "./ip-packet.ts";

/** The largest urgent frame: a DHCP message with its options, a DNS answer without EDNS. */
export const MAX_URGENT_FRAME_BYTES = 600;
/** The largest echo or marked frame: a ping with its usual payloads, 20 ms of voice in any codec (G.711: 214 bytes). */
const MAX_INTERACTIVE_FRAME_BYTES = 256;

/** Differentiated services code points (RFC 4594): telephony, and the signalling and control above it. */
const DSCP_CS5 = 40;
const UDP_HEADER_BYTES = 8;
const Port = { dns: 53, dhcpServer: 67, dhcpClient: 68, ntp: 123, dhcpv6Client: 546, dhcpv6Server: 547, mdns: 5353 };
/** Router solicitation and advertisement, neighbour solicitation and advertisement, redirect (RFC 4861). */
const ICMPV6_FIRST_NEIGHBOUR_TYPE = 133;
const ICMPV6_LAST_NEIGHBOUR_TYPE = 137;

/** Whether the frame in [start, end), no super-frame, goes before others that wait. */
export function isUrgent(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_URGENT_FRAME_BYTES) return false;
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0) return false;
  const isInteractive = end - start <= MAX_INTERACTIVE_FRAME_BYTES;
  switch (uint16At(bytes, network - 2)) {
    case EtherType.arp:
      return isInteractive;
    case EtherType.ipv4:
      return isUrgentIpv4(bytes, network, end, isInteractive);
    case EtherType.ipv6:
      return isUrgentIpv6(bytes, network, end, isInteractive);
    default:
      return false;
  }
}

function isUrgentIpv4(bytes: Uint8Array, at: number, end: number, isInteractive: boolean): boolean {
  if (at + IPV4_MIN_HEADER_BYTES > end) return false;
  if ((uint16At(bytes, at + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK) !== 0) return false;
  if (isInteractive && (bytes[at + 1] as number) >>> 2 >= DSCP_CS5) return true;
  const packetEnd = Math.min(end, at + uint16At(bytes, at + IPV4_TOTAL_LENGTH));
  const transport = at + ipv4HeaderBytes(bytes, at);
  const protocol = bytes[at + IPV4_PROTOCOL] as number;
  if (protocol === IpProtocol.icmp) return isInteractive;
  return isUrgentTransport(bytes, transport, packetEnd, protocol);
}

function isUrgentIpv6(bytes: Uint8Array, at: number, end: number, isInteractive: boolean): boolean {
  if (at + IPV6_HEADER_BYTES > end) return false;
  const trafficClass = (uint16At(bytes, at) >>> 4) & 0xff;
  if (isInteractive && trafficClass >>> 2 >= DSCP_CS5) return true;
  const transport = at + IPV6_HEADER_BYTES;
  const packetEnd = Math.min(end, transport + uint16At(bytes, at + IPV6_PAYLOAD_LENGTH));
  const protocol = bytes[at + IPV6_NEXT_HEADER] as number;
  if (protocol !== IpProtocol.icmpv6) return isUrgentTransport(bytes, transport, packetEnd, protocol);
  return isInteractive || (transport < packetEnd && isNeighbourType(bytes[transport] as number));
}

function isNeighbourType(type: number): boolean {
  return type >= ICMPV6_FIRST_NEIGHBOUR_TYPE && type <= ICMPV6_LAST_NEIGHBOUR_TYPE;
}

/** TCP without payload, and the UDP ports without whose answers nobody gets on. */
function isUrgentTransport(bytes: Uint8Array, at: number, end: number, protocol: number): boolean {
  if (protocol === IpProtocol.tcp) return tcpPayloadOffset(bytes, at, end) === end;
  if (protocol !== IpProtocol.udp || at + UDP_HEADER_BYTES > end) return false;
  return isUrgentPort(uint16At(bytes, at)) || isUrgentPort(uint16At(bytes, at + 2));
}

function isUrgentPort(port: number): boolean {
  switch (port) {
    case Port.dns:
    case Port.dhcpServer:
    case Port.dhcpClient:
    case Port.ntp:
    case Port.dhcpv6Client:
    case Port.dhcpv6Server:
    case Port.mdns:
      return true;
    default:
      return false;
  }
}
