/**
 * The virtio-net header: what the sender of a frame left undone for a later kernel or device (linux/virtio_net.h,
 * struct virtio_net_hdr, as a TAP with IFF_VNET_HDR and TUNSETVNETLE speaks it). Little-endian, ten bytes:
 *
 *     0       1          2         4          6            8
 *     │ flags │ gso type │ hdr len │ gso size │ csum start │ csum offset │ Ethernet frame …
 *
 * - NEEDS_CSUM: the 16 bits at csum start + csum offset hold the pseudo-header sum, and are to be replaced by the
 *   checksum of everything from csum start. Both count from the first byte of the Ethernet header.
 * - gso type ≠ none: a super-frame, to be cut into segments of gso size bytes of payload.
 * - hdr len: a hint how many bytes are headers.
 *
 * A header that came from the network passes `sanitizeVnetHeader` before anyone acts on it.
 */
import { completeChecksum } from "./complete-checksum.ts";
import {
  ETHERNET_HEADER_BYTES,
  EtherType,
  etherTypeOf,
  isGroupMac,
  networkHeaderOffset,
  uint16At,
} from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import {
  IpProtocol,
  ipv4TransportOffset,
  ipv6TransportOffset,
  TCP_CHECKSUM,
  tcpPayloadOffset,
  UDP_CHECKSUM,
  udpPayloadOffset,
} from "./ip-packet.ts";
import { Offload, type OffloadSet } from "./offload.ts";

export const VNET_HEADER_BYTES = 10;

/** VIRTIO_NET_HDR_F_*. */
export const VnetFlag = {
  needsCsum: 0x01,
  /** The kernel has verified the checksum: true on its own machine only, never believed from the network. */
  dataValid: 0x02,
  /** The csum fields hold statistics of receive coalescing. */
  rscInfo: 0x04,
} as const;

/** VIRTIO_NET_HDR_GSO_*. UFO (3) is obsolete and not known here. */
export const VnetGso = {
  none: 0,
  tcpv4: 1,
  tcpv6: 4,
  /** UDP over either IP version, one datagram per segment; kernel 6.2 and later. */
  udpL4: 5,
  /** Added to a TCP type: the CWR flag belongs to the first segment only. */
  ecn: 0x80,
} as const;

const FLAGS = 0;
const GSO_TYPE = 1;
const HDR_LEN = 2;
const GSO_SIZE = 4;
const CSUM_START = 6;
const CSUM_OFFSET = 8;

/** The kernel's GSO_BY_FRAGS, which means something else than a size to it. */
const GSO_SIZE_RESERVED = 0xffff;

/**
 * The least payload of a TCP segment, lest a stranger make a flood of one message: Linux' smallest MSS (48) with timestamps.
 */
export const MIN_TCP_GSO_BYTES = 36;

/** UDP datagrams that one super-frame may become, as in the kernel (UDP_MAX_SEGMENTS, linux/udp.h). */
export const MAX_UDP_SEGMENTS = 128;

/** Bytes that all headers of a super-frame may have together, as each segment repeats them. */
export const MAX_SUPER_FRAME_HEADER_BYTES = 256;

/** In the set required for a gso type we do not know: no receiver has it. */
const OFFLOAD_UNKNOWN: OffloadSet = 0x4000_0000;

/** Writes the header of an ordinary frame: ten zeros. (`fill` of a Node Buffer checks for longer than that takes.) */
export function clearVnetHeader(bytes: Uint8Array, at: number): void {
  for (let i = at; i < at + VNET_HEADER_BYTES; i++) bytes[i] = 0;
}

/** Whether the frame behind this header is an ordinary one that needs nothing done. */
export function isPlainVnetHeader(bytes: Uint8Array, at: number): boolean {
  return !isSuperFrame(bytes, at) && !needsCsum(bytes, at);
}

/** Whether the frame is a super-frame, of a type known or not. */
export function isSuperFrame(bytes: Uint8Array, at: number): boolean {
  return bytes[at + GSO_TYPE] !== VnetGso.none;
}

/** Makes the header of a super-frame that of an ordinary frame whose checksum is left to be completed. */
export function endSuperFrame(bytes: Uint8Array, at: number): void {
  bytes[at + GSO_TYPE] = VnetGso.none;
  writeLittleUint16(bytes, at + HDR_LEN, 0);
  writeLittleUint16(bytes, at + GSO_SIZE, 0);
}

/** Writes the header of a TCP super-frame; `headerBytes` and `transport` count from the Ethernet header. */
export function writeTcpSuperFrameHeader(
  bytes: Uint8Array,
  at: number,
  type: typeof VnetGso.tcpv4 | typeof VnetGso.tcpv6,
  headerBytes: number,
  transport: number,
  segmentBytes: number,
): void {
  bytes[at + FLAGS] = VnetFlag.needsCsum;
  bytes[at + GSO_TYPE] = type;
  writeLittleUint16(bytes, at + HDR_LEN, headerBytes);
  writeLittleUint16(bytes, at + GSO_SIZE, segmentBytes);
  writeLittleUint16(bytes, at + CSUM_START, transport);
  writeLittleUint16(bytes, at + CSUM_OFFSET, TCP_CHECKSUM);
}

/** Whether the checksum is left to be completed. */
function needsCsum(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + FLAGS] as number) & VnetFlag.needsCsum) !== 0;
}

/** The gso type without the ECN bit: one of `VnetGso`, or a number we do not know. */
export function gsoType(bytes: Uint8Array, at: number): number {
  return (bytes[at + GSO_TYPE] as number) & ~VnetGso.ecn;
}

/** Bytes of payload in each segment but the last. */
export function gsoSize(bytes: Uint8Array, at: number): number {
  return littleUint16At(bytes, at + GSO_SIZE);
}

/** Where the checksummed part begins, in bytes from the Ethernet header. */
export function csumStart(bytes: Uint8Array, at: number): number {
  return littleUint16At(bytes, at + CSUM_START);
}

/** Where the checksum field is, in bytes from csum start. */
export function csumOffset(bytes: Uint8Array, at: number): number {
  return littleUint16At(bytes, at + CSUM_OFFSET);
}

/** The `Offload` bits that whoever takes this frame as it is must have. The header is the kernel's or sanitized. */
export function requiredOffloads(frame: Frame): OffloadSet {
  if (!frame.hasVnetHeader) return Offload.none;
  const { bytes, start, end } = frame;
  const at = start - VNET_HEADER_BYTES;
  const type = gsoType(bytes, at);
  if (type === VnetGso.none) return needsCsum(bytes, at) ? Offload.csum : Offload.none;
  const ecn = bytes[at + GSO_TYPE] === type ? Offload.none : Offload.tsoEcn;
  return Offload.csum | ecn | segmentationOffload(type, bytes, start, end);
}

function segmentationOffload(type: number, bytes: Uint8Array, start: number, end: number): OffloadSet {
  switch (type) {
    case VnetGso.tcpv4:
      return Offload.tso4;
    case VnetGso.tcpv6:
      return Offload.tso6;
    case VnetGso.udpL4:
      return etherTypeOf(bytes, start, end) === EtherType.ipv6 ? Offload.uso6 : Offload.uso4;
    default:
      return OFFLOAD_UNKNOWN;
  }
}

/**
 * Decides whether the header at `at`, sent by a stranger together with the frame in [at + 10, frameEnd), may be given
 * to a kernel or to the Segmenter, and rewrites it to what it was found to say: flags a stranger may not set and
 * fields without a meaning become zero, hdr len the length of the headers. False if it lies or asks for what we do
 * not know; the bytes are then as they were.
 *
 * Nothing that comes later rewrites bytes that somebody has judged. An ordinary frame may leave the checksum of its
 * own TCP or UDP header to later, whose 16 bits nobody judges. Any other checksum is completed here, in the frame,
 * and the header becomes a plain one: Linux leaves those of packets inside of tunnels (VXLAN, GRE), a liar could
 * name an address in an ARP packet.
 */
export function sanitizeVnetHeader(bytes: Uint8Array, at: number, frameEnd: number): boolean {
  if (at < 0 || at + VNET_HEADER_BYTES > frameEnd || frameEnd > bytes.length) return false;
  if (isPlainVnetHeader(bytes, at)) {
    clearVnetHeader(bytes, at);
    return true;
  }
  return isSuperFrame(bytes, at)
    ? sanitizeSuperFrameHeader(bytes, at, frameEnd)
    : sanitizeCsumHeader(bytes, at, frameEnd);
}

function sanitizeSuperFrameHeader(bytes: Uint8Array, at: number, frameEnd: number): boolean {
  const payload = superFramePayloadOffset(bytes, at, frameEnd);
  if (payload < 0 || isAmplifier(bytes, at, frameEnd - payload)) return false;
  bytes[at + FLAGS] = VnetFlag.needsCsum;
  writeLittleUint16(bytes, at + HDR_LEN, payload - at - VNET_HEADER_BYTES);
  return true;
}

/**
 * Whether a stranger could make a flood of one message: by more segments than any kernel makes of one, or by TCP to a
 * group address, which is nobody's connection but goes to every port.
 */
function isAmplifier(bytes: Uint8Array, at: number, payloadBytes: number): boolean {
  const size = gsoSize(bytes, at);
  if (gsoType(bytes, at) === VnetGso.udpL4) return payloadBytes > size * MAX_UDP_SEGMENTS;
  return size < MIN_TCP_GSO_BYTES || isGroupMac(uint16At(bytes, at + VNET_HEADER_BYTES));
}

function sanitizeCsumHeader(bytes: Uint8Array, at: number, frameEnd: number): boolean {
  if (!csumFieldInside(bytes, at, frameEnd)) return false;
  if (!isOutermostCsum(bytes, at, frameEnd)) {
    const summed = at + VNET_HEADER_BYTES + csumStart(bytes, at);
    completeChecksum(bytes, summed, summed + csumOffset(bytes, at), frameEnd);
    clearVnetHeader(bytes, at);
    return true;
  }
  bytes[at + FLAGS] = VnetFlag.needsCsum;
  writeLittleUint16(bytes, at + HDR_LEN, 0);
  writeLittleUint16(bytes, at + GSO_SIZE, 0);
  return true;
}

/** Whether the checksum asked for is that of the TCP or UDP header of a whole packet that fills the frame. */
function isOutermostCsum(bytes: Uint8Array, at: number, frameEnd: number): boolean {
  const protocol = csumProtocol(csumOffset(bytes, at));
  const start = at + VNET_HEADER_BYTES;
  const network = networkHeaderOffset(bytes, start, frameEnd);
  if (protocol < 0 || network < 0) return false;
  return start + csumStart(bytes, at) === transportOffset(bytes, network, frameEnd, protocol);
}

/** The protocol that has its checksum field at this offset, or −1. */
function csumProtocol(offset: number): number {
  if (offset === TCP_CHECKSUM) return IpProtocol.tcp;
  return offset === UDP_CHECKSUM ? IpProtocol.udp : -1;
}

/** Whether the checksum field lies between the Ethernet header and the end of the frame. */
export function csumFieldInside(bytes: Uint8Array, at: number, frameEnd: number): boolean {
  const start = csumStart(bytes, at);
  const fieldEnd = at + VNET_HEADER_BYTES + start + csumOffset(bytes, at) + 2;
  return start >= ETHERNET_HEADER_BYTES && fieldEnd <= frameEnd;
}

/**
 * Where the payload of the super-frame in [at + 10, frameEnd) starts, or −1 unless header and frame agree in every
 * point: a known gso type that is the type of the packet, checksum fields that name the checksum of its TCP or UDP
 * header, lengths that fill the frame, no fragment, a sane number of segments.
 */
export function superFramePayloadOffset(bytes: Uint8Array, at: number, frameEnd: number): number {
  const start = at + VNET_HEADER_BYTES;
  const network = networkHeaderOffset(bytes, start, frameEnd);
  if (network < 0 || !needsCsum(bytes, at)) return -1;
  const transport = start + csumStart(bytes, at);
  if (transport !== superFrameTransportOffset(bytes, at, network, frameEnd)) return -1;
  const payload = transportPayloadOffset(bytes, at, transport, frameEnd);
  if (payload < 0 || payload - start > MAX_SUPER_FRAME_HEADER_BYTES) return -1;
  const size = gsoSize(bytes, at);
  return payload < frameEnd && size > 0 && size !== GSO_SIZE_RESERVED ? payload : -1;
}

function superFrameTransportOffset(bytes: Uint8Array, at: number, network: number, end: number): number {
  const etherType = uint16At(bytes, network - 2);
  switch (bytes[at + GSO_TYPE]) {
    case VnetGso.tcpv4:
    case VnetGso.tcpv4 | VnetGso.ecn:
      return etherType === EtherType.ipv4 ? ipv4TransportOffset(bytes, network, end, IpProtocol.tcp) : -1;
    case VnetGso.tcpv6:
    case VnetGso.tcpv6 | VnetGso.ecn:
      return etherType === EtherType.ipv6 ? ipv6TransportOffset(bytes, network, end, IpProtocol.tcp) : -1;
    case VnetGso.udpL4:
      return transportOffset(bytes, network, end, IpProtocol.udp);
    default:
      return -1;
  }
}

/** Where the `protocol` header starts in the packet of either IP version that fills [network, end) exactly, or −1. */
function transportOffset(bytes: Uint8Array, network: number, end: number, protocol: number): number {
  const etherType = uint16At(bytes, network - 2);
  if (etherType === EtherType.ipv4) return ipv4TransportOffset(bytes, network, end, protocol);
  return etherType === EtherType.ipv6 ? ipv6TransportOffset(bytes, network, end, protocol) : -1;
}

function transportPayloadOffset(bytes: Uint8Array, at: number, transport: number, end: number): number {
  if (gsoType(bytes, at) === VnetGso.udpL4) {
    return csumOffset(bytes, at) === UDP_CHECKSUM ? udpPayloadOffset(bytes, transport, end) : -1;
  }
  return csumOffset(bytes, at) === TCP_CHECKSUM ? tcpPayloadOffset(bytes, transport, end) : -1;
}

function littleUint16At(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
}

function writeLittleUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value & 0xff;
  bytes[offset + 1] = value >>> 8;
}
