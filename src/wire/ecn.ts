/**
 * Explicit congestion notification (RFC 3168): a queue that would drop a packet marks it instead, if its sender said
 * that it understands. The two low bits of the second byte of IPv4, or of the traffic class of IPv6:
 *
 *     00  not capable     01, 10  capable (ECT)     11  congestion experienced (CE)
 */
import { EtherType, networkHeaderOffset, uint16At } from "./ethernet.ts";
import { IPV4_CHECKSUM, IPV4_MIN_HEADER_BYTES, IPV6_HEADER_BYTES } from "./ip-packet.ts";

const ECN_MASK = 0x03;
const NOT_CAPABLE = 0x00;
const CE = 0x03;

/**
 * Marks the packet of the frame in [start, end), behind at most two VLAN tags, in place. False if its sender takes no
 * marks, or it is no IP: then nothing was written. Right for a super-frame too: what its virtio-net header leaves to be
 * summed is the transport's alone, and the kernel gives each segment the IP header's mark.
 */
export function markCongestion(bytes: Uint8Array, start: number, end: number): boolean {
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0) return false;
  const etherType = uint16At(bytes, network - 2);
  if (etherType === EtherType.ipv4 && network + IPV4_MIN_HEADER_BYTES <= end) return markIpv4(bytes, network);
  if (etherType === EtherType.ipv6 && network + IPV6_HEADER_BYTES <= end) return markIpv6(bytes, network);
  return false;
}

function markIpv4(bytes: Uint8Array, at: number): boolean {
  const tos = bytes[at + 1] as number;
  if ((tos & ECN_MASK) === NOT_CAPABLE) return false;
  bytes[at + 1] = tos | CE;
  // RFC 1624: HC' = ~(~HC + ~m + m'), where m is the word that changes, and grows by as much as the byte does.
  const sum = (~uint16At(bytes, at + IPV4_CHECKSUM) & 0xffff) + ((tos | CE) - tos);
  const checksum = ~((sum >>> 16) + sum) & 0xffff;
  bytes[at + IPV4_CHECKSUM] = checksum >>> 8;
  bytes[at + IPV4_CHECKSUM + 1] = checksum & 0xff;
  return true;
}

function markIpv6(bytes: Uint8Array, at: number): boolean {
  // version (4 bits), traffic class (8), flow label (20)
  const second = bytes[at + 1] as number;
  if (((second >>> 4) & ECN_MASK) === NOT_CAPABLE) return false;
  bytes[at + 1] = second | (CE << 4);
  return true;
}
