import { IpProtocol } from "../wire/ip-packet.ts";
import { isNeighbourDiscovery } from "../wire/neighbour-discovery.ts";
import { Fragment, type PacketHeaders } from "../wire/packet-headers.ts";
import { isReadAlike } from "./snap-header.ts";

/**
 * Whether a frame hides from the other rules what it is: its headers are cut short or do not make sense, a first
 * fragment ends before the ports or the ICMP type (RFC 1858, RFC 7112), there are more VLAN tags than anybody looks
 * behind, or SNAP stands in for an ethertype. A fragment of neighbour discovery is one too: receivers ignore it, or should (RFC 6980).
 */
export function hidesItsHeaders(headers: PacketHeaders): boolean {
  if (!isReadAlike(headers)) return true;
  const { bytes, ipVersion, protocol, transport, fragment } = headers;
  if (fragment !== Fragment.first || ipVersion !== 6 || protocol !== IpProtocol.icmpv6) return false;
  return isNeighbourDiscovery(bytes[transport] as number);
}
