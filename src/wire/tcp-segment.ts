import { finishSum, setIpv4Checksum, sumBytes } from "./checksum.ts";
import { EtherType, isGroupMac, networkHeaderOffset, uint16At } from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import {
  IPV4_DESTINATION,
  IPV4_DONT_FRAGMENT,
  IPV4_FRAGMENT,
  IPV4_IDENTIFICATION,
  IPV4_MIN_HEADER_BYTES,
  IPV4_SOURCE,
  IPV4_TIME_TO_LIVE,
  IPV4_TOTAL_LENGTH,
  IPV6_HEADER_BYTES,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  IpProtocol,
  ipv4TransportOffset,
  ipv6TransportOffset,
  TCP_ACKNOWLEDGEMENT,
  TCP_CHECKSUM,
  TCP_DATA_OFFSET,
  TCP_FLAGS,
  TCP_MIN_HEADER_BYTES,
  TCP_SEQUENCE,
  TCP_URGENT,
  TcpFlag,
  tcpPayloadOffset,
} from "./ip-packet.ts";
import { Offload, type OffloadSet } from "./offload.ts";
import {
  isPlainVnetHeader,
  MIN_TCP_GSO_BYTES,
  VNET_HEADER_BYTES,
  VnetGso,
  writeTcpSuperFrameHeader,
} from "./vnet-header.ts";

/** The largest number that an IP header has for a length. */
const MAX_IP_LENGTH = 0xffff;

/** The reserved bits and flags behind the data offset, and those of a segment that is nothing but data. */
const TCP_FLAGS_MASK = 0x0fff;
const PLAIN_DATA = TcpFlag.ack;

/** A frame that is one whole TCP segment with data, or the super-frame that begins with it. */
export class TcpSegment {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  start = 0;
  network = 0;
  transport = 0;
  payload = 0;
  end = 0;
  hasVnetHeader = false;
  isIpv6 = false;
  /** PSH: its sender has nothing more to say for now. */
  isPushed = false;
  /** Payload of the first segment, which is that of each but the last. */
  gsoSize = 0;

  get length(): number {
    return this.end - this.start;
  }

  get payloadBytes(): number {
    return this.end - this.payload;
  }

  /** False for a frame that is nothing to join; the fields are void then. */
  read({ bytes, start, end, hasVnetHeader }: Frame, view: DataView, offloads: OffloadSet): boolean {
    if (hasVnetHeader && !isPlainVnetHeader(bytes, start - VNET_HEADER_BYTES)) return false;
    if (isGroupMac(uint16At(bytes, start))) return false;
    const network = networkHeaderOffset(bytes, start, end);
    const transport = network < 0 ? -1 : transportOffset(bytes, network, end, offloads);
    const payload = transport < 0 ? -1 : tcpPayloadOffset(bytes, transport, end);
    if (payload < 0 || payload === end) return false;
    const flags = uint16At(bytes, transport + TCP_DATA_OFFSET) & TCP_FLAGS_MASK;
    if ((flags & ~TcpFlag.psh) !== PLAIN_DATA) return false;
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.network = network;
    this.transport = transport;
    this.payload = payload;
    this.end = end;
    this.hasVnetHeader = hasVnetHeader;
    this.isIpv6 = transport - network === IPV6_HEADER_BYTES;
    this.isPushed = (flags & TcpFlag.psh) !== 0;
    this.gsoSize = end - payload;
    return true;
  }

  /**
   * Whether this one comes next after `count` segments of a flow, joined in `open`, and would make one frame with them: such
   * as `sanitizeVnetHeader` takes, because a bridge may pass it on to another of our clients.
   */
  follows(open: TcpSegment, count: number): boolean {
    const { view, transport } = this;
    const sequence = open.view.getUint32(open.transport + TCP_SEQUENCE) + open.payloadBytes;
    return (
      view.getUint32(transport + TCP_SEQUENCE) === sequence >>> 0 &&
      this.payloadBytes <= open.gsoSize &&
      open.gsoSize >= MIN_TCP_GSO_BYTES &&
      open.end - open.network + this.payloadBytes <= MAX_IP_LENGTH &&
      this.#hasEthernetHeaderOf(open) &&
      (this.isIpv6 ? this.#hasIpv6HeaderOf(open) : this.#hasIpv4HeaderOf(open, count)) &&
      this.#hasTcpHeaderOf(open)
    );
  }

  /** Whether the checksums are right, of a payload with this sum. */
  isIntact(payloadSum: number): boolean {
    const { view, network, transport, payload } = this;
    if (!this.isIpv6 && finishSum(sumBytes(view, network, transport, 0)) !== 0) return false;
    return finishSum(sumBytes(view, transport, payload, this.#pseudoSum() + payloadSum)) === 0;
  }

  /** Its bytes lie there now. */
  moveTo(bytes: Uint8Array, view: DataView, start: number): void {
    const moved = start - this.start;
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.network += moved;
    this.transport += moved;
    this.payload += moved;
    this.end += moved;
    this.hasVnetHeader = true;
  }

  /** Makes the headers those of a super-frame. */
  finish(): void {
    const { bytes, view, start, network, transport, end } = this;
    if (this.isIpv6) {
      view.setUint16(network + IPV6_PAYLOAD_LENGTH, end - transport);
    } else {
      view.setUint16(network + IPV4_TOTAL_LENGTH, end - network);
      setIpv4Checksum(view, network, transport);
    }
    if (this.isPushed) (bytes[transport + TCP_FLAGS] as number) |= TcpFlag.psh;
    view.setUint16(transport + TCP_CHECKSUM, ~finishSum(this.#pseudoSum()) & 0xffff);
    const type = this.isIpv6 ? VnetGso.tcpv6 : VnetGso.tcpv4;
    writeTcpSuperFrameHeader(
      bytes,
      start - VNET_HEADER_BYTES,
      type,
      this.payload - start,
      transport - start,
      this.gsoSize,
    );
  }

  /** The partial sum of addresses, protocol and length (RFC 9293 section 3.1, RFC 8200 section 8.1). */
  #pseudoSum(): number {
    const addresses = this.network + (this.isIpv6 ? IPV6_SOURCE : IPV4_SOURCE);
    return sumBytes(this.view, addresses, this.transport, IpProtocol.tcp + this.end - this.transport);
  }

  #hasEthernetHeaderOf(open: TcpSegment): boolean {
    const bytes = open.network - open.start;
    return this.network - this.start === bytes && this.#hasBytesOf(open, this.start, open.start, bytes);
  }

  /** Equal but for lengths and checksums, and identifications that count. */
  #hasIpv4HeaderOf(open: TcpSegment, count: number): boolean {
    const { view, network: at } = this;
    const from = open.network;
    const identification = open.view.getUint16(from + IPV4_IDENTIFICATION);
    const own = view.getUint16(at + IPV4_IDENTIFICATION);
    const mayStay = (view.getUint16(at + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT) !== 0;
    return (
      (own === ((identification + count) & 0xffff) || (mayStay && own === identification)) &&
      view.getUint16(at) === open.view.getUint16(from) &&
      view.getUint16(at + IPV4_FRAGMENT) === open.view.getUint16(from + IPV4_FRAGMENT) &&
      view.getUint16(at + IPV4_TIME_TO_LIVE) === open.view.getUint16(from + IPV4_TIME_TO_LIVE) &&
      view.getUint32(at + IPV4_SOURCE) === open.view.getUint32(from + IPV4_SOURCE) &&
      view.getUint32(at + IPV4_DESTINATION) === open.view.getUint32(from + IPV4_DESTINATION)
    );
  }

  /** Equal but for the length. */
  #hasIpv6HeaderOf(open: TcpSegment): boolean {
    const { view, network: at } = this;
    const from = open.network;
    return (
      view.getUint32(at) === open.view.getUint32(from) &&
      view.getUint16(at + IPV6_NEXT_HEADER) === open.view.getUint16(from + IPV6_NEXT_HEADER) &&
      this.#hasBytesOf(open, at + IPV6_SOURCE, from + IPV6_SOURCE, IPV6_HEADER_BYTES - IPV6_SOURCE)
    );
  }

  /** Equal but for sequence, checksum and PSH. */
  #hasTcpHeaderOf(open: TcpSegment): boolean {
    const { view, transport: at } = this;
    const from = open.transport;
    const flagsAndWindow = view.getUint32(at + TCP_DATA_OFFSET) ^ open.view.getUint32(from + TCP_DATA_OFFSET);
    const optionBytes = this.payload - at - TCP_MIN_HEADER_BYTES;
    return (
      (flagsAndWindow & ~(TcpFlag.psh << 16)) === 0 &&
      view.getUint32(at) === open.view.getUint32(from) &&
      view.getUint32(at + TCP_ACKNOWLEDGEMENT) === open.view.getUint32(from + TCP_ACKNOWLEDGEMENT) &&
      view.getUint16(at + TCP_URGENT) === open.view.getUint16(from + TCP_URGENT) &&
      this.#hasBytesOf(open, at + TCP_MIN_HEADER_BYTES, from + TCP_MIN_HEADER_BYTES, optionBytes)
    );
  }

  /** Whether an even number of bytes at `at` equals those of the other at `from`. */
  #hasBytesOf(other: TcpSegment, at: number, from: number, bytes: number): boolean {
    let i = 0;
    for (; i + 4 <= bytes; i += 4) if (this.view.getUint32(at + i) !== other.view.getUint32(from + i)) return false;
    return i === bytes || this.view.getUint16(at + i) === other.view.getUint16(from + i);
  }
}

/** Where the TCP header starts in a packet without options or extensions that fills its frame, or −1. */
function transportOffset(bytes: Uint8Array, network: number, end: number, offloads: OffloadSet): number {
  const etherType = uint16At(bytes, network - 2);
  if (etherType === EtherType.ipv4 && (offloads & Offload.tso4) !== 0) {
    const transport = ipv4TransportOffset(bytes, network, end, IpProtocol.tcp);
    return transport === network + IPV4_MIN_HEADER_BYTES ? transport : -1;
  }
  if (etherType === EtherType.ipv6 && (offloads & Offload.tso6) !== 0) {
    const transport = ipv6TransportOffset(bytes, network, end, IpProtocol.tcp);
    return transport === network + IPV6_HEADER_BYTES ? transport : -1;
  }
  return -1;
}
