/**
 * IPv6 neighbour discovery (RFC 4861): the ICMPv6 messages 133 to 137. Offsets are into the ICMPv6 header.
 *
 *     0      1      2          4           8               24
 *     │ type │ code │ checksum │ reserved  │ options …                            router solicitation (133)
 *     │ type │ code │ checksum │ reserved  │ target address │ options …           neighbour solicitation (135)
 *     │ type │ code │ checksum │ R S O 0…  │ target address │ options …           neighbour advertisement (136)
 *
 *     option:   0      1                        2
 *               │ type │ length in 8 bytes, > 0 │ value: for types 1 and 2 the MAC address
 */
import { IPV6_HOP_LIMIT } from "./ip-packet.ts";
import { macHi, macLo } from "./mac.ts";

export const Icmpv6Type = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
} as const;

/** Offset of the target address in a neighbour solicitation and in a neighbour advertisement. */
export const ND_TARGET = 8;
const ND_CODE = 1;
const SOLICITATION_BYTES = 8;
const ROUTER_BYTES = 16;
const NEIGHBOUR_BYTES = 24;
/** Only a neighbour's packet arrives with it: every router takes one off (RFC 4861 section 3.1). */
const NEIGHBOUR_HOP_LIMIT = 255;

const OPTION_UNIT_BYTES = 8;
const OPTION_SOURCE_LINK_LAYER = 1;
const OPTION_TARGET_LINK_LAYER = 2;
/** A host sends one or two; a frame full of options is not worth the walk. */
const MAX_OPTIONS = 16;

/** Whether the ICMPv6 type is one of neighbour discovery. */
export function isNeighbourDiscovery(type: number): boolean {
  return type >= Icmpv6Type.routerSolicitation && type <= Icmpv6Type.redirect;
}

/**
 * Whether the solicitation or advertisement in [at, end), behind the whole IPv6 header at `ip`, has the hop limit, code
 * and length that RFC 4861 (6.1.1, 6.1.2, 7.1.1, 7.1.2) demands.
 */
export function isValidNeighbourMessage(bytes: Uint8Array, ip: number, at: number, end: number): boolean {
  if (at + leastBytes(bytes[at] as number) > end || bytes[at + ND_CODE] !== 0) return false;
  return bytes[ip + IPV6_HOP_LIMIT] === NEIGHBOUR_HOP_LIMIT;
}

function leastBytes(type: number): number {
  if (type === Icmpv6Type.routerSolicitation) return SOLICITATION_BYTES;
  return type === Icmpv6Type.routerAdvertisement ? ROUTER_BYTES : NEIGHBOUR_BYTES;
}

/** Where the options of the message at `at` start, one that `isValidNeighbourMessage` has passed. */
export function neighbourOptions(bytes: Uint8Array, at: number): number {
  return at + leastBytes(bytes[at] as number);
}

/** What `linkLayerOptions` found. */
export const LinkLayer = {
  /** No option names a link-layer address. */
  absent: 0,
  /** Every one that is named is the MAC asked for. */
  same: 1,
  /** One is another MAC. */
  other: 2,
  /** An option of length zero or one that is cut off, or too many options. */
  malformed: 3,
} as const;
export type LinkLayer = (typeof LinkLayer)[keyof typeof LinkLayer];

/** Compares the source and target link-layer addresses among the options that fill [at, end) with a MAC. */
export function linkLayerOptions(bytes: Uint8Array, at: number, end: number, hi: number, lo: number): LinkLayer {
  let found: LinkLayer = LinkLayer.absent;
  let option = at;
  for (let walked = 0; option < end; walked++) {
    if (walked === MAX_OPTIONS || option + OPTION_UNIT_BYTES > end) return LinkLayer.malformed;
    const optionBytes = (bytes[option + 1] as number) * OPTION_UNIT_BYTES;
    if (optionBytes === 0 || option + optionBytes > end) return LinkLayer.malformed;
    if (isLinkLayerOption(bytes[option] as number)) {
      if (macHi(bytes, option + 2) !== hi || macLo(bytes, option + 2) !== lo) return LinkLayer.other;
      found = LinkLayer.same;
    }
    option += optionBytes;
  }
  return found;
}

function isLinkLayerOption(type: number): boolean {
  return type === OPTION_SOURCE_LINK_LAYER || type === OPTION_TARGET_LINK_LAYER;
}
