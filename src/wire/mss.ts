/**
 * The maximum segment size (MSS) that a TCP SYN announces (RFC 9293 section 3.7.1), and lowering it to what passes on
 * the way, so that neither end sends segments that would be lost. The option, in a SYN or SYN-ACK only:
 *
 *     0        1            2
 *     │ kind 2 │ length 4   │ MSS │      other kinds: 0 ends the options, 1 is one byte of padding
 */
import { finishSum } from "./checksum.ts";
import { EtherType, networkHeaderOffset, uint16At } from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import {
  IPV4_MIN_HEADER_BYTES,
  IPV4_TOTAL_LENGTH,
  IPV6_HEADER_BYTES,
  IPV6_PAYLOAD_LENGTH,
  IpProtocol,
  ipv4TransportOffset,
  ipv6TransportOffset,
  TCP_CHECKSUM,
  TCP_FLAGS,
  TCP_MIN_HEADER_BYTES,
  TcpFlag,
  tcpPayloadOffset,
} from "./ip-packet.ts";
import { csumStart, requiredOffloads, VNET_HEADER_BYTES } from "./vnet-header.ts";

const Option = { end: 0, padding: 1, mss: 2 } as const;
const MSS_OPTION_BYTES = 4;

/**
 * If the frame is a TCP SYN whose MSS is larger than a packet of `mtu` bytes carries, lowers it in place and mends the
 * checksum; returns whether it did. Any other frame, and one that is cut short or lies about a length, stays as it is.
 *
 * MSS counts neither IP nor TCP options (RFC 6691): who sends takes them off.
 */
export function clampMss(frame: Frame, mtu: number): boolean {
  const { bytes, start, end } = frame;
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0) return false;
  const etherType = uint16At(bytes, network - 2);
  if (etherType === EtherType.ipv4) return clampIpv4(frame, network, mtu);
  return etherType === EtherType.ipv6 ? clampIpv6(frame, network, mtu) : false;
}

function clampIpv4(frame: Frame, network: number, mtu: number): boolean {
  const { bytes, end } = frame;
  if (network + IPV4_MIN_HEADER_BYTES > end) return false;
  // The packet ends here; padding of a short frame may follow.
  const packetEnd = network + uint16At(bytes, network + IPV4_TOTAL_LENGTH);
  if (packetEnd > end) return false;
  const transport = ipv4TransportOffset(bytes, network, packetEnd, IpProtocol.tcp);
  return transport >= 0 && clampTcp(frame, transport, packetEnd, mtu - IPV4_MIN_HEADER_BYTES - TCP_MIN_HEADER_BYTES);
}

function clampIpv6(frame: Frame, network: number, mtu: number): boolean {
  const { bytes, end } = frame;
  const payload = network + IPV6_HEADER_BYTES;
  if (payload > end) return false;
  const packetEnd = payload + uint16At(bytes, network + IPV6_PAYLOAD_LENGTH);
  if (packetEnd > end) return false;
  const transport = ipv6TransportOffset(bytes, network, packetEnd, IpProtocol.tcp);
  return transport >= 0 && clampTcp(frame, transport, packetEnd, mtu - IPV6_HEADER_BYTES - TCP_MIN_HEADER_BYTES);
}

function clampTcp(frame: Frame, transport: number, packetEnd: number, maxMss: number): boolean {
  const { bytes } = frame;
  const optionsEnd = tcpPayloadOffset(bytes, transport, packetEnd);
  if (optionsEnd < 0 || ((bytes[transport + TCP_FLAGS] as number) & TcpFlag.syn) === 0) return false;
  let isLowered = false;
  for (let at = transport + TCP_MIN_HEADER_BYTES; at < optionsEnd && bytes[at] !== Option.end; ) {
    if (bytes[at] === Option.padding) {
      at++;
      continue;
    }
    const optionBytes = at + 1 < optionsEnd ? (bytes[at + 1] as number) : 0;
    if (optionBytes < 2 || at + optionBytes > optionsEnd) break;
    const isMss = bytes[at] === Option.mss && optionBytes === MSS_OPTION_BYTES;
    if (isMss && uint16At(bytes, at + 2) > maxMss) {
      lower(frame, transport, at + 2, maxMss);
      isLowered = true;
    }
    at += optionBytes;
  }
  return isLowered;
}

function lower(frame: Frame, transport: number, at: number, mss: number): void {
  const { bytes } = frame;
  if (!isSummedLater(frame, transport)) mendChecksum(bytes, transport, at, mss);
  bytes[at] = mss >>> 8;
  bytes[at + 1] = mss & 0xff;
}

/** Whether the checksum field holds the pseudo-header's sum yet, in which no option counts. */
function isSummedLater(frame: Frame, transport: number): boolean {
  if (requiredOffloads(frame) === 0) return false;
  return frame.start + csumStart(frame.bytes, frame.start - VNET_HEADER_BYTES) === transport;
}

/**
 * RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). Behind padding the option may begin at an odd place, where its bytes
 * count in the other order.
 */
function mendChecksum(bytes: Uint8Array, transport: number, at: number, mss: number): void {
  const field = transport + TCP_CHECKSUM;
  const isOdd = ((at - transport) & 1) === 1;
  const before = uint16At(bytes, at);
  const removed = ~(isOdd ? swapped(before) : before) & 0xffff;
  const added = isOdd ? swapped(mss) : mss;
  const checksum = finishSum((~uint16At(bytes, field) & 0xffff) + removed + added);
  bytes[field] = checksum >>> 8;
  bytes[field + 1] = checksum & 0xff;
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}
