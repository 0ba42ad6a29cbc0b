/**
 * ARP for IPv4 over Ethernet (RFC 826). Offsets are into the ARP packet, which is what follows the Ethernet header.
 *
 *     0        2        4      5      6           8            14          18           24          28
 *     │ htype  │ ptype  │ hlen │ plen │ operation │ sender MAC │ sender IP │ target MAC │ target IP │ padding …
 *     │ 1      │ 0x0800 │ 6    │ 4    │ 1, 2      │
 */
import { EtherType, uint16At } from "./ethernet.ts";

export const ARP_SENDER_MAC = 8;
export const ARP_SENDER_IP = 14;
export const ARP_TARGET_IP = 24;
const ARP_OPERATION = 6;
const ARP_BYTES = 28;
const HARDWARE_ETHERNET = 1;
const OPERATION_REQUEST = 1;

/**
 * Whether [at, end) holds a whole ARP packet with the lengths of IPv4 over Ethernet. Linux also takes hardware type 6
 * (IEEE 802) on Ethernet; nobody sends it, so here it is malformed.
 */
export function isIpv4Arp(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + ARP_BYTES > end) return false;
  if (uint16At(bytes, at) !== HARDWARE_ETHERNET || uint16At(bytes, at + 2) !== EtherType.ipv4) return false;
  return bytes[at + 4] === 6 && bytes[at + 5] === 4;
}

/** Whether the ARP packet at `at` asks rather than answers. The caller has checked it with `isIpv4Arp`. */
export function isArpRequest(bytes: Uint8Array, at: number): boolean {
  return uint16At(bytes, at + ARP_OPERATION) === OPERATION_REQUEST;
}
