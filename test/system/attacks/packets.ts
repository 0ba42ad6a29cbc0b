/**
 * Packets by hand, written from the RFCs and not from our own codecs: what an attacker would put on the wire. Addresses
 * are text, as in the tests.
 */
import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

export const BROADCAST = "ff:ff:ff:ff:ff:ff";
export const ALL_NODES_MAC = "33:33:00:00:00:01";
export const ALL_NODES = "ff02::1";
export const EtherType = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd, experiment: 0x88b5 } as const;
export const Protocol = { hopByHop: 0, icmp: 1, tcp: 6, udp: 17, routing: 43, fragment: 44, icmpv6: 58, options: 60 };

/** Where a frame goes and whose it says it is. */
export interface Macs {
  readonly to: string;
  readonly from: string;
}

export function ethernet({ to, from }: Macs, etherType: number, payload: Uint8Array): Buffer {
  return Buffer.concat([mac(to), mac(from), uint16(etherType), payload]);
}

/** A frame of the EtherType for local experiments, which no kernel takes notice of; 60 bytes. */
export function anyFrame(macs: Macs, text = "payload"): Buffer {
  return ethernet(macs, EtherType.experiment, Buffer.alloc(46, text));
}

export interface ArpOptions extends Macs {
  readonly operation: "request" | "reply";
  /** Sender's MAC in the ARP itself; default the frame's. */
  readonly senderMac?: string;
  readonly senderIp: string;
  readonly targetMac?: string;
  readonly targetIp: string;
}

/** RFC 826. */
export function arp(options: ArpOptions): Buffer {
  const { operation, senderMac = options.from, senderIp, targetMac = options.to, targetIp } = options;
  // Hardware type Ethernet, protocol IPv4, lengths of their addresses.
  const head = Buffer.from(`0001080006040${operation === "request" ? "001" : "002"}`, "hex");
  const body = Buffer.concat([head, mac(senderMac), ip(senderIp), mac(targetMac), ip(targetIp)]);
  return ethernet(options, EtherType.arp, body);
}

export interface PacketOptions extends Macs {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** IPv4 only: in bytes, and whether more fragments follow. */
  readonly fragment?: { readonly offset: number; readonly more: boolean };
}

/** IPv4 (RFC 791) or IPv6 (RFC 8200) with the hop limit 255 that neighbours use, by the version of `source`. */
export function packet(options: PacketOptions): Buffer {
  const isV4 = isIPv4(options.source);
  return ethernet(options, isV4 ? EtherType.ipv4 : EtherType.ipv6, isV4 ? ipv4(options) : ipv6(options));
}

export function ipv4({ source, destination, protocol, payload, fragment }: Omit<PacketOptions, "to" | "from">): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45);
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(0x1234, 4);
  header.writeUInt16BE(fragment === undefined ? 0 : (fragment.more ? 0x2000 : 0) | (fragment.offset >> 3), 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.set(ip(source), 12);
  header.set(ip(destination), 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

function ipv6({ source, destination, protocol, payload }: PacketOptions): Buffer {
  const head = Buffer.from([0x60, 0, 0, 0, payload.length >> 8, payload.length & 0xff, protocol, 255]);
  return Buffer.concat([head, ip(source), ip(destination), payload]);
}

export function udp(sourcePort: number, destinationPort: number, payload: Uint8Array): Buffer {
  // Checksum 0: not computed (RFC 768).
  return Buffer.concat([uint16(sourcePort), uint16(destinationPort), uint16(8 + payload.length), uint16(0), payload]);
}

/** An ICMP message whose checksum is right; `body` begins behind type, code and checksum. */
export function icmp(type: number, code: number, body: Uint8Array): Buffer {
  const message = Buffer.concat([Buffer.from([type, code, 0, 0]), body]);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** An ICMPv6 message: its checksum covers the addresses too (RFC 8200 section 8.1). */
export function icmpv6(ends: { source: string; destination: string }, type: number, body: Uint8Array): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), body]);
  const pseudo = Buffer.concat([ip(ends.source), ip(ends.destination), Buffer.alloc(8), message]);
  pseudo.writeUInt32BE(message.length, 32);
  pseudo.writeUInt8(Protocol.icmpv6, 39);
  message.writeUInt16BE(checksum(pseudo), 2);
  return message;
}

export function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

/** The 4 or 16 bytes of an address. */
export function ip(text: string): Buffer {
  if (!isIPv4(text) && !isIPv6(text)) throw new Error(`${text} is no IP address`);
  return Buffer.from(ipaddr.parse(text).toByteArray());
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] as number) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
