import { EtherType, isVlanTag, uint16At } from "../wire/ethernet.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";

/** Ethertypes below this are lengths: the frame is one of IEEE 802.2 LLC, e.g. spanning tree. */
export const FIRST_ETHER_TYPE = 0x0600;

/**
 * IEEE 802.2 LLC with SNAP, behind the length:
 *
 *     0      1      2         3          6           8
 *     │ 0xaa │ 0xaa │ control │ OUI    3 │ ethertype │ what it says
 */
const SNAP_HEADER_BYTES = 8;
const SNAP_SAPS = 0xaaaa;
const OUI = 3;
const ETHER_TYPE = 6;

/**
 * Whether everybody who receives the frame reads it as we do: its headers are whole, and it does not say behind an LLC
 * and SNAP header what belongs behind an ethertype. Linux does not look for IP there; other hosts do, and what turns
 * Ethernet into Wi-Fi frames makes an ordinary frame of it, whatever its length says (CERT VU#855201).
 */
export function isReadAlike({ bytes, etherType, network, end, isWhole }: PacketHeaders): boolean {
  return isWhole && (etherType >= FIRST_ETHER_TYPE || !wrapsOurs(bytes, network, end));
}

/** Whether the LLC header at `at` is SNAP around an ethertype that is judged elsewhere: IP, ARP or a VLAN tag. */
function wrapsOurs(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + SNAP_HEADER_BYTES > end || uint16At(bytes, at) !== SNAP_SAPS) return false;
  // 00:00:00 of RFC 1042 and 00:00:f8 of IEEE 802.1H; other organizations have types of their own.
  const organization = bytes[at + OUI + 2];
  if (uint16At(bytes, at + OUI) !== 0 || (organization !== 0 && organization !== 0xf8)) return false;
  const type = uint16At(bytes, at + ETHER_TYPE);
  return type === EtherType.ipv4 || type === EtherType.ipv6 || type === EtherType.arp || isVlanTag(type);
}
