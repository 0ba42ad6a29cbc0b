import { Drop, type DropReason } from "../base/drop-reason.ts";
import { ConfigError } from "../base/errors.ts";
import { ARP_SENDER_IP, isIpv4Arp } from "../wire/arp.ts";
import { EtherType, uint16At } from "../wire/ethernet.ts";
import { IpProtocol } from "../wire/ip-packet.ts";
import { type IpPrefix, type IpVersion, prefixHolds } from "../wire/ip-prefix.ts";
import { Icmpv6Type, ND_TARGET } from "../wire/neighbour-discovery.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { isUnspecified } from "./ip-source.ts";
import { asksIfFree } from "./neighbour-rule.ts";
import { isReadAlike } from "./snap-header.ts";

/** Prefixes of one peer: every frame may be compared with each. */
export const MAX_SOURCE_PREFIXES = 64;
const IPV6_ADDRESS_BYTES = 16;

/**
 * The only IP addresses that a peer may send from, in IP packets, as the sender of ARP, and as the target of its
 * neighbour advertisements, by which others would send to it, and of its duplicate address detection. Always allowed are the
 * unspecified address (DHCP, ARP probes, duplicate address detection) and link-local ones, which every host makes for
 * itself: 169.254/16 (RFC 3927), fe80::/10. What an ARP or IP packet says in a form that cannot be read is not allowed.
 */
export class SourcePrefixes {
  readonly #prefixes: readonly IpPrefix[] | undefined;

  /** Undefined: any address. Throws a ConfigError for more prefixes than there may be. */
  constructor(prefixes: readonly IpPrefix[] | undefined) {
    if (prefixes !== undefined && prefixes.length > MAX_SOURCE_PREFIXES) throw tooMany(prefixes.length);
    this.#prefixes = prefixes;
  }

  judge(headers: PacketHeaders): DropReason {
    if (this.#prefixes === undefined) return Drop.none;
    return this.#mayPass(headers, this.#prefixes) ? Drop.none : Drop.sourceIpDenied;
  }

  #mayPass(headers: PacketHeaders, prefixes: readonly IpPrefix[]): boolean {
    const { bytes, network, end, ipVersion, sourceIp } = headers;
    if (ipVersion === 4) return mayBeFrom(prefixes, 4, bytes, sourceIp);
    if (ipVersion === 6) return mayBeFrom(prefixes, 6, bytes, sourceIp) && mayHave(prefixes, headers);
    if (headers.etherType !== EtherType.arp) return isReadAlike(headers);
    return isIpv4Arp(bytes, network, end) && mayBeFrom(prefixes, 4, bytes, network + ARP_SENDER_IP);
  }
}

function mayBeFrom(prefixes: readonly IpPrefix[], version: IpVersion, bytes: Uint8Array, at: number): boolean {
  for (const prefix of prefixes) if (prefix.version === version && prefixHolds(prefix, bytes, at)) return true;
  return isLinkLocal(version, bytes, at) || isUnspecified(version, bytes, at);
}

/** False for an advertisement of another's address, for a wish to have it, and for one that is cut off. */
function mayHave(prefixes: readonly IpPrefix[], headers: PacketHeaders): boolean {
  const { bytes, protocol, transport, packetEnd } = headers;
  if (protocol !== IpProtocol.icmpv6 || transport < 0) return true;
  if (bytes[transport] !== Icmpv6Type.neighbourAdvertisement && !asksIfFree(headers)) return true;
  const target = transport + ND_TARGET;
  return target + IPV6_ADDRESS_BYTES <= packetEnd && mayBeFrom(prefixes, 6, bytes, target);
}

function isLinkLocal(version: IpVersion, bytes: Uint8Array, at: number): boolean {
  const start = uint16At(bytes, at);
  return version === 4 ? start === 0xa9fe : (start & 0xffc0) === 0xfe80;
}

function tooMany(count: number): ConfigError {
  return new ConfigError("TOO_MANY_SOURCE_PREFIXES", `cannot use ${count} source prefixes for one peer.`, {
    hint: `At most ${MAX_SOURCE_PREFIXES}. Use shorter ones that hold several.`,
  });
}
