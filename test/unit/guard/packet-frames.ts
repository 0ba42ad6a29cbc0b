/** Frames with IP packets and ARP, built field by field, for those who judge them. */
import { parseIpAddress } from "../../../src/wire/ip-prefix.ts";
import { PacketHeaders } from "../../../src/wire/packet-headers.ts";

const be16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const MACS = [0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a];

export interface PacketParts {
  readonly from?: string;
  readonly to?: string;
  /** UDP unless said otherwise. */
  readonly protocol?: number;
  /** Source and destination; none: no payload at all. */
  readonly ports?: readonly [number, number];
  /** Fragment offset in units of eight bytes. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Tag control fields, outermost first. */
  readonly tags?: readonly number[];
}

const addressOf = (text: string): number[] => [...(parseIpAddress(text) ?? [])];

/** A frame of an ethertype, behind VLAN tags. */
export function ethernetFrame(etherType: number, payload: readonly number[], tags: readonly number[] = []): Uint8Array {
  return Uint8Array.from([
    ...MACS,
    ...tags.flatMap((tci) => [0x81, 0x00, ...be16(tci)]),
    ...be16(etherType),
    ...payload,
  ]);
}

/** A packet of the IP version that the source address has. */
export function ipFrame(parts: PacketParts): Uint8Array {
  const from = addressOf(parts.from ?? "10.0.0.1");
  const to = addressOf(parts.to ?? "10.0.0.2");
  const upper = parts.ports === undefined ? [] : [...be16(parts.ports[0]), ...be16(parts.ports[1]), 0, 8, 0, 0];
  const isIpv6 = from.length === 16;
  const packet = isIpv6 ? ipv6Packet(parts, from, to, upper) : ipv4Packet(parts, from, to, upper);
  return ethernetFrame(isIpv6 ? 0x86dd : 0x0800, packet, parts.tags);
}

function ipv4Packet(parts: PacketParts, from: number[], to: number[], upper: number[]): number[] {
  const fragment = be16((parts.moreFragments ? 0x2000 : 0) | (parts.fragmentOffset ?? 0));
  return [
    ...[0x45, 0, ...be16(20 + upper.length), 0, 1, ...fragment], // version, 20 bytes; total length; id, fragment
    ...[64, parts.protocol ?? 17, 0, 0], // TTL, protocol, checksum
    ...from,
    ...to,
    ...upper,
  ];
}

function ipv6Packet(parts: PacketParts, from: number[], to: number[], upper: number[]): number[] {
  const protocol = parts.protocol ?? 17;
  const isFragment = parts.moreFragments !== undefined || parts.fragmentOffset !== undefined;
  const field = be16(((parts.fragmentOffset ?? 0) << 3) | (parts.moreFragments ? 1 : 0));
  const extension = isFragment ? [protocol, 0, ...field, 0, 0, 0, 1] : []; // next header, reserved, fragment, id
  return [
    ...[0x60, 0, 0, 0, ...be16(extension.length + upper.length), isFragment ? 44 : protocol, 64],
    ...from,
    ...to,
    ...extension,
    ...upper,
  ];
}

/** An ARP request for IPv4 over Ethernet. */
export function arpFrame(senderIp: string, targetIp: string): Uint8Array {
  const fixed = [0, 1, 0x08, 0x00, 6, 4, 0, 1]; // Ethernet, IPv4, 6 and 4 bytes, request
  const mac = [0x02, 0, 0, 0, 0, 0x0a];
  return ethernetFrame(0x0806, [...fixed, ...mac, ...addressOf(senderIp), 0, 0, 0, 0, 0, 0, ...addressOf(targetIp)]);
}

export function headersOf(frame: Uint8Array): PacketHeaders {
  const headers = new PacketHeaders();
  headers.parse(frame, 0, frame.length);
  return headers;
}
