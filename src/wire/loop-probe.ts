/**
 * The frame a server sends to its bridge ports to find loops: it comes back only if two ports are one LAN.
 *
 *     0                    6            12       14        22                24     26       42
 *     │ 01:00:5e:00:00:00 │ source MAC │ 0x88b5 │ magic  8 │ port's index  2 │ slot 2 │ nonce 16 │ zeros to 60
 *
 * - The destination is the group of 224.0.0.0, which IANA reserves: nobody listens there, and bridges that snoop on IGMP
 *   send 224.0.0.0/24 to every port (RFC 4541 section 2.1.2). So do this switch and the original.
 * - 0x88b5 is the EtherType for local experiments (IEEE 802 section 9.2.4).
 * - The nonce is random and new in every round. Index and slot say which one it should be.
 */
import { ETHERNET_HEADER_BYTES, networkHeaderOffset, uint16At } from "./ethernet.ts";
import { macHi, macLo } from "./mac.ts";

/** The shortest Ethernet frame, without its FCS. */
export const LOOP_PROBE_BYTES = 60;
export const LOOP_PROBE_NONCE_BYTES = 16;
const ETHER_TYPE = 0x88b5;

const DESTINATION_HI = 0x0100;
const DESTINATION_LO = 0x5e00_0000;

/** Offsets behind the Ethernet header, which a bridge on the way may have given a VLAN tag. */
const PORT_INDEX = 8;
const SLOT = 10;
const NONCE = 12;
const FIELDS_BYTES = NONCE + LOOP_PROBE_NONCE_BYTES;

/** "vpnws" and "LP1", as two numbers of four bytes each. */
const MAGIC_HI = 0x76706e77;
const MAGIC_LO = 0x734c5031;

export interface LoopProbe {
  /** MAC that it comes from, as its two integers (see mac.ts). */
  readonly sourceHi: number;
  readonly sourceLo: number;
  /** Index of the port that it is sent to. */
  readonly portIndex: number;
  /** Which of the port's nonces it carries. */
  readonly slot: number;
  /** Where the nonce is: `LOOP_PROBE_NONCE_BYTES` from `nonceAt` on. */
  readonly nonces: Uint8Array;
  readonly nonceAt: number;
}

/** Writes the probe to `LOOP_PROBE_BYTES` bytes from `start` on. */
export function encodeLoopProbe(probe: LoopProbe, bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, LOOP_PROBE_BYTES);
  bytes.fill(0, start, start + LOOP_PROBE_BYTES);
  view.setUint16(0, DESTINATION_HI);
  view.setInt32(2, DESTINATION_LO);
  view.setUint16(6, probe.sourceHi);
  view.setInt32(8, probe.sourceLo);
  view.setUint16(12, ETHER_TYPE);
  view.setUint32(ETHERNET_HEADER_BYTES, MAGIC_HI);
  view.setUint32(ETHERNET_HEADER_BYTES + 4, MAGIC_LO);
  view.setUint16(ETHERNET_HEADER_BYTES + PORT_INDEX, probe.portIndex);
  view.setUint16(ETHERNET_HEADER_BYTES + SLOT, probe.slot);
  const nonceAt = start + ETHERNET_HEADER_BYTES + NONCE;
  for (let i = 0; i < LOOP_PROBE_NONCE_BYTES; i++) bytes[nonceAt + i] = probe.nonces[probe.nonceAt + i] as number;
}

/**
 * Where the fields of the probe in [start, end) begin, or −1 if the frame is none. Whose probe it is, only the nonce
 * tells. The caller has checked that the Ethernet header is there.
 */
export function loopProbeFields(bytes: Uint8Array, start: number, end: number): number {
  if (macLo(bytes, start) !== DESTINATION_LO || macHi(bytes, start) !== DESTINATION_HI) return -1;
  const at = networkHeaderOffset(bytes, start, end);
  if (at < 0 || at + FIELDS_BYTES > end || uint16At(bytes, at - 2) !== ETHER_TYPE) return -1;
  return isMagic(bytes, at) ? at : -1;
}

export function loopProbePortIndex(bytes: Uint8Array, fields: number): number {
  return uint16At(bytes, fields + PORT_INDEX);
}

export function loopProbeSlot(bytes: Uint8Array, fields: number): number {
  return uint16At(bytes, fields + SLOT);
}

/** Whether the probe carries the nonce at `nonceAt`. Looks at all bytes, whichever differ. */
export function loopProbeHasNonce(bytes: Uint8Array, fields: number, nonces: Uint8Array, nonceAt: number): boolean {
  let difference = 0;
  for (let i = 0; i < LOOP_PROBE_NONCE_BYTES; i++) {
    difference |= (bytes[fields + NONCE + i] as number) ^ (nonces[nonceAt + i] as number);
  }
  return difference === 0;
}

function isMagic(bytes: Uint8Array, at: number): boolean {
  const hi = (uint16At(bytes, at) << 16) | uint16At(bytes, at + 2);
  const lo = (uint16At(bytes, at + 4) << 16) | uint16At(bytes, at + 6);
  return hi === MAGIC_HI && lo === MAGIC_LO;
}
