import { IpProtocol } from "../wire/ip-packet.ts";
import { Icmpv6Type } from "../wire/neighbour-discovery.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";

/** ICMP types of IPv4 by which routers speak to hosts: redirect (RFC 792) and router advertisement (RFC 1256). */
const ICMP_REDIRECT = 5;
const ICMP_ROUTER_ADVERTISEMENT = 9;

/**
 * Whether a packet would have its receivers change their routes: a router advertisement or a redirect of either
 * version, wherever it is sent to (RFC 6105). Where its headers cannot be followed, the header rule drops it
 * (RFC 7113).
 */
export function isRouters({ bytes, ipVersion, protocol, transport }: PacketHeaders): boolean {
  if (transport < 0) return false;
  const type = bytes[transport];
  if (ipVersion === 6 && protocol === IpProtocol.icmpv6) {
    return type === Icmpv6Type.routerAdvertisement || type === Icmpv6Type.redirect;
  }
  return (
    ipVersion === 4 && protocol === IpProtocol.icmp && (type === ICMP_REDIRECT || type === ICMP_ROUTER_ADVERTISEMENT)
  );
}
