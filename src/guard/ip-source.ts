import type { IpVersion } from "../wire/ip-prefix.ts";
import { macHi, macLo } from "../wire/mac.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";

/** Offset of the source MAC in a frame. */
const SOURCE_MAC = 6;

/** What the rules need to know of a frame to look an address in it up. */
export type AddressedFrame = Pick<PacketHeaders, "bytes" | "start" | "vlanId">;

/** Whether the MAC at `at` is the one the frame came from. */
export function isSourceMac({ bytes, start }: AddressedFrame, at: number): boolean {
  return macLo(bytes, at) === sourceLo(bytes, start) && macHi(bytes, at) === sourceHi(bytes, start);
}

/** First two bytes of the source MAC of the frame at `start`. */
export function sourceHi(bytes: Uint8Array, start: number): number {
  return macHi(bytes, start + SOURCE_MAC);
}

/** Last four bytes of the source MAC of the frame at `start`. */
export function sourceLo(bytes: Uint8Array, start: number): number {
  return macLo(bytes, start + SOURCE_MAC);
}

/** Whether the address at `at` is 0.0.0.0 or ::, which says that the sender has none yet. */
export function isUnspecified(version: IpVersion, bytes: Uint8Array, at: number): boolean {
  return hasZeros(bytes, at, version === 4 ? 4 : 16);
}

/**
 * Whether the address at `at` is no sender's: multicast, loopback (127/8, ::1), or the IPv4 broadcast address
 * (RFC 1122 section 3.2.1.3, RFC 4291 sections 2.5.3 and 2.7).
 */
export function isNeverASource(version: IpVersion, bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] as number;
  if (version === 6) return first === 0xff || (bytes[at + 15] === 1 && hasZeros(bytes, at, 15));
  return first === 127 || first >>> 4 === 0xe || isBroadcast(bytes, at);
}

function hasZeros(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

function isBroadcast(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 255 && bytes[at + 1] === 255 && bytes[at + 2] === 255 && bytes[at + 3] === 255;
}
