import { Drop, type DropReason } from "../base/drop-reason.ts";
import { ConfigError } from "../base/errors.ts";
import { ARP_SENDER_IP, isIpv4Arp } from "../wire/arp.ts";
import { EtherType, uint16At } from "../wire/ethernet.ts";
import { type IpPrefix, type IpVersion, prefixHolds } from "../wire/ip-prefix.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { isUnspecified } from "./ip-source.ts";
import { isReadAlike } from "./snap-header.ts";

/** Prefixes of one peer: every frame may be compared with each. */
export const MAX_SOURCE_PREFIXES = 64;

/**
 * The only IP addresses that a peer may send from, in IP packets and as the sender of ARP. Always allowed are the
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
    if (ipVersion !== 0) return mayBeFrom(prefixes, ipVersion === 4 ? 4 : 6, bytes, sourceIp);
    if (headers.etherType !== EtherType.arp) return isReadAlike(headers);
    return isIpv4Arp(bytes, network, end) && mayBeFrom(prefixes, 4, bytes, network + ARP_SENDER_IP);
  }
}

function mayBeFrom(prefixes: readonly IpPrefix[], version: IpVersion, bytes: Uint8Array, at: number): boolean {
  for (const prefix of prefixes) if (prefix.version === version && prefixHolds(prefix, bytes, at)) return true;
  return isLinkLocal(version, bytes, at) || isUnspecified(version, bytes, at);
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
