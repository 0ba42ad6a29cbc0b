import { EtherType, networkHeaderOffset, uint16At } from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import { IPV4_MIN_HEADER_BYTES, IPV4_TOTAL_LENGTH, IPV6_HEADER_BYTES, IPV6_PAYLOAD_LENGTH } from "./ip-packet.ts";

/**
 * Whether the frame ends before the IP packet in it, as one does that the original's client has read: it takes 1500 bytes
 * from its TAP, Ethernet header included, and the kernel throws the rest away. If so, the packet is made to say the
 * length that it has, so that its headers can be read: nobody could use it, but its sender can be answered.
 */
export function shortenCutPacket({ bytes, start, end }: Frame): boolean {
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0) return false;
  const etherType = uint16At(bytes, network - 2);
  if (etherType === EtherType.ipv4) {
    return network + IPV4_MIN_HEADER_BYTES <= end && shorten(bytes, network + IPV4_TOTAL_LENGTH, end - network);
  }
  const payload = network + IPV6_HEADER_BYTES;
  return etherType === EtherType.ipv6 && payload <= end && shorten(bytes, network + IPV6_PAYLOAD_LENGTH, end - payload);
}

function shorten(bytes: Uint8Array, field: number, length: number): boolean {
  if (uint16At(bytes, field) <= length) return false;
  bytes[field] = length >>> 8;
  bytes[field + 1] = length & 0xff;
  return true;
}
