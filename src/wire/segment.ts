/**
 * Does in user space what a frame's virtio-net header left for later, for receivers that cannot: cuts a super-frame
 * into ordinary frames and completes their checksums, as the kernel's software GSO would.
 *
 *     super-frame   │ Ethernet, VLAN │ IP, options │ TCP or UDP │ payload ······················ │
 *     segment 0     │ copied         │ length, id  │ seq, flags │ gso size │
 *     segment 1     │ copied         │ length, id  │ seq, flags │          │ gso size │  …
 *
 * The checksum field of a super-frame holds the sum of its pseudo-header with the length of the whole. A segment's
 * pseudo-header differs in the length alone, so that sum is corrected and the addresses are not read again: with
 * an IPv6 routing header the sender has summed an address that is not the one in the IP header.
 */
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { BatchView } from "./batch-view.ts";
import { copyAndSum, finishSum, finishTransportSum, setIpv4Checksum, sumBytes } from "./checksum.ts";
import { copyBytes } from "./copy.ts";
import { EtherType, MAX_FRAME_BYTES, networkHeaderOffset, uint16At } from "./ethernet.ts";
import type { Frame } from "./frame.ts";
import {
  IPV4_IDENTIFICATION,
  IPV4_TOTAL_LENGTH,
  IPV6_HEADER_BYTES,
  IPV6_PAYLOAD_LENGTH,
  ipv4HeaderBytes,
  TCP_CHECKSUM,
  TCP_FLAGS,
  TCP_SEQUENCE,
  TcpFlag,
  UDP_CHECKSUM,
  UDP_LENGTH,
} from "./ip-packet.ts";
import {
  csumFieldInside,
  csumOffset,
  csumStart,
  endSuperFrame,
  gsoSize,
  gsoType,
  isPlainVnetHeader,
  isSuperFrame,
  superFramePayloadOffset,
  VNET_HEADER_BYTES,
  VnetGso,
} from "./vnet-header.ts";

/** Takes the frame in [start, end). The bytes, and the headroom before them, are the sink's until it returns. */
export type SegmentSink = (bytes: Uint8Array, start: number, end: number) => void;

/** Takes the headers in [start, end) of a segment that is `segmentBytes` long with its payload. */
export type OutlineSink = (bytes: Uint8Array, start: number, end: number, segmentBytes: number) => void;

/** Turns frames with a virtio-net header into ordinary ones. Owns one frame of scratch memory; not re-entrant. */
export class Segmenter {
  readonly #headroom: number;
  readonly #scratch: Uint8Array;
  readonly #scratchView: DataView;

  readonly #views = new BatchView();
  #source: Uint8Array;
  #sourceView: DataView;

  // The super-frame at hand: its headers, as offsets into `#source` …
  #start = 0;
  #transport = 0;
  #payload = 0;
  // … and what makes its segments differ.
  #isIpv6 = false;
  #isUdp = false;
  /** Offset of the IP header in each segment, in `#scratch`. */
  #ipAt = 0;
  /** The sum of the pseudo-header without its length. */
  #pseudoSum = 0;

  /** `headroom` writable bytes lie before each frame that a sink is given. */
  constructor(options: { readonly headroom: number }) {
    this.#headroom = options.headroom;
    this.#scratch = new Uint8Array(options.headroom + MAX_FRAME_BYTES);
    this.#scratchView = new DataView(this.#scratch.buffer);
    this.#source = this.#scratch;
    this.#sourceView = this.#scratchView;
  }

  /**
   * Gives the frame to the sink as ordinary frames of at most `maxFrameBytes` (Ethernet header included), in scratch
   * memory that the next one overwrites, so the sink copies. Returns `Drop.tooBig` if one of them would be larger,
   * `Drop.vnetHeaderInvalid` if header and frame disagree; the sink was not called then.
   */
  segment(frame: Frame, maxFrameBytes: number, sink: SegmentSink): DropReason {
    const { bytes, start, end, hasVnetHeader } = frame;
    const at = start - VNET_HEADER_BYTES;
    if (start < 0 || end < start || end > bytes.length || (hasVnetHeader && at < 0)) return Drop.vnetHeaderInvalid;
    if (end - start > MAX_FRAME_BYTES) return Drop.tooBig;
    this.#borrow(bytes);
    if (hasVnetHeader && isSuperFrame(bytes, at)) return this.#cut(at, end, maxFrameBytes, sink);
    if (end - start > maxFrameBytes) return Drop.tooBig;
    if (hasVnetHeader && !isPlainVnetHeader(bytes, at)) return this.#complete(at, end, sink);
    copyBytes(bytes, start, end, this.#scratch, this.#headroom);
    sink(this.#scratch, this.#headroom, this.#headroom + end - start);
    return Drop.none;
  }

  /**
   * Gives the super-frame to the sink as smaller ones, each of as many whole segments as fit into `maxFrameBytes`, but one
   * at least, with its virtio-net header in the headroom. Payload is not summed: that stays to be done. Otherwise as
   * `segment`.
   */
  split(frame: Frame, maxFrameBytes: number, sink: SegmentSink): DropReason {
    const { bytes, start, end } = frame;
    const at = start - VNET_HEADER_BYTES;
    if (at < 0 || end < start || end > bytes.length) return Drop.vnetHeaderInvalid;
    if (end - start > MAX_FRAME_BYTES) return Drop.tooBig;
    this.#borrow(bytes);
    const payload = superFramePayloadOffset(bytes, at, end);
    if (payload < 0) return Drop.vnetHeaderInvalid;
    const size = gsoSize(bytes, at);
    const segments = Math.max(1, Math.floor((maxFrameBytes - (payload - start)) / size));
    this.#begin(at, payload, end);
    for (let from = payload, index = 0; from < end; from += segments * size, index += segments) {
      const pieceEnd = this.#buildPiece(index, from, Math.min(from + segments * size, end), end);
      copyBytes(bytes, at, start, this.#scratch, this.#headroom - VNET_HEADER_BYTES);
      if (end - from <= size || segments === 1) endSuperFrame(this.#scratch, this.#headroom - VNET_HEADER_BYTES);
      sink(this.#scratch, this.#headroom, pieceEnd);
    }
    return Drop.none;
  }

  /**
   * Gives the headers of each segment of a super-frame of `wholeBytes` to the sink, without payload: all that there need be
   * of the frame are its own headers. Checksums hold the sums of pseudo-headers. Otherwise as `segment`.
   */
  outline(frame: Frame, wholeBytes: number, sink: OutlineSink): DropReason {
    const { bytes, start } = frame;
    const at = start - VNET_HEADER_BYTES;
    const end = start + wholeBytes;
    if (at < 0 || frame.end > bytes.length) return Drop.vnetHeaderInvalid;
    if (wholeBytes > MAX_FRAME_BYTES) return Drop.tooBig;
    this.#borrow(bytes);
    const payload = superFramePayloadOffset(bytes, at, end);
    if (payload < 0 || payload > frame.end) return Drop.vnetHeaderInvalid;
    const size = gsoSize(bytes, at);
    this.#begin(at, payload, end);
    for (let from = payload, index = 0; from < end; from += size, index++) {
      const segmentEnd = this.#buildHeaders(index, from, Math.min(from + size, end), end);
      sink(this.#scratch, this.#headroom, this.#headroom + payload - start, segmentEnd - this.#headroom);
    }
    return Drop.none;
  }

  #borrow(bytes: Uint8Array): void {
    this.#source = bytes;
    this.#sourceView = this.#views.of(bytes);
  }

  /** Gives the frame with its one checksum completed (the kernel's skb_checksum_help). */
  #complete(at: number, end: number, sink: SegmentSink): DropReason {
    if (!csumFieldInside(this.#source, at, end)) return Drop.vnetHeaderInvalid;
    const start = at + VNET_HEADER_BYTES;
    const summed = csumStart(this.#source, at);
    const to = this.#headroom + summed;
    copyBytes(this.#source, start, start + summed, this.#scratch, this.#headroom);
    const sum = copyAndSum(this.#sourceView, start + summed, end, this.#scratchView, to);
    this.#scratchView.setUint16(to + csumOffset(this.#source, at), finishTransportSum(sum));
    sink(this.#scratch, this.#headroom, this.#headroom + end - start);
    return Drop.none;
  }

  #cut(at: number, end: number, maxFrameBytes: number, sink: SegmentSink): DropReason {
    const payload = superFramePayloadOffset(this.#source, at, end);
    if (payload < 0) return Drop.vnetHeaderInvalid;
    const size = gsoSize(this.#source, at);
    const headerBytes = payload - at - VNET_HEADER_BYTES;
    if (headerBytes + Math.min(size, end - payload) > maxFrameBytes) return Drop.tooBig;
    this.#begin(at, payload, end);
    for (let from = payload, index = 0; from < end; from += size, index++) {
      const segmentEnd = this.#build(index, from, Math.min(from + size, end), end);
      sink(this.#scratch, this.#headroom, segmentEnd);
    }
    return Drop.none;
  }

  /** Notes what is common to all segments. */
  #begin(at: number, payload: number, end: number): void {
    const source = this.#source;
    this.#start = at + VNET_HEADER_BYTES;
    this.#transport = this.#start + csumStart(source, at);
    this.#payload = payload;
    const network = networkHeaderOffset(source, this.#start, end);
    this.#ipAt = this.#headroom + network - this.#start;
    this.#isIpv6 = uint16At(source, network - 2) === EtherType.ipv6;
    this.#isUdp = gsoType(source, at) === VnetGso.udpL4;
    const wholeLength = end - this.#transport;
    this.#pseudoSum = uint16At(source, this.#transport + csumOffset(source, at)) + (~wholeLength & 0xffff);
  }

  /** Builds segment `index`, with the payload in [from, to) of the source, and returns its end in the scratch. */
  #build(index: number, from: number, to: number, sourceEnd: number): number {
    const payloadAt = this.#headroom + this.#payload - this.#start;
    const end = payloadAt + to - from;
    copyBytes(this.#source, this.#start, this.#payload, this.#scratch, this.#headroom);
    const payloadSum = copyAndSum(this.#sourceView, from, to, this.#scratchView, payloadAt);
    if (this.#isIpv6) this.#patchIpv6(end);
    else this.#patchIpv4(index, end);
    const transportAt = this.#headroom + this.#transport - this.#start;
    const sum = this.#pseudoSum + (end - transportAt) + payloadSum;
    if (this.#isUdp) this.#patchUdp(transportAt, payloadAt, end, sum);
    else this.#patchTcp(transportAt, payloadAt, from - this.#payload, to === sourceEnd, sum);
    return end;
  }

  /** As `#build`, with the checksum field as a super-frame has it: the sum of the pseudo-header. */
  #buildPiece(index: number, from: number, to: number, sourceEnd: number): number {
    const end = this.#buildHeaders(index, from, to, sourceEnd);
    copyBytes(this.#source, from, to, this.#scratch, end - (to - from));
    return end;
  }

  /** The headers of such a piece; returns where its payload would end. */
  #buildHeaders(index: number, from: number, to: number, sourceEnd: number): number {
    const end = this.#headroom + this.#payload - this.#start + to - from;
    copyBytes(this.#source, this.#start, this.#payload, this.#scratch, this.#headroom);
    if (this.#isIpv6) this.#patchIpv6(end);
    else this.#patchIpv4(index, end);
    const transportAt = this.#headroom + this.#transport - this.#start;
    if (this.#isUdp) this.#scratchView.setUint16(transportAt + UDP_LENGTH, end - transportAt);
    else this.#patchTcpHeader(transportAt, from - this.#payload, to === sourceEnd);
    const pseudoSum = ~finishSum(this.#pseudoSum + (end - transportAt)) & 0xffff;
    this.#scratchView.setUint16(transportAt + (this.#isUdp ? UDP_CHECKSUM : TCP_CHECKSUM), pseudoSum);
    return end;
  }

  #patchIpv4(index: number, end: number): void {
    const view = this.#scratchView;
    const at = this.#ipAt;
    view.setUint16(at + IPV4_TOTAL_LENGTH, end - at);
    view.setUint16(at + IPV4_IDENTIFICATION, view.getUint16(at + IPV4_IDENTIFICATION) + index);
    setIpv4Checksum(view, at, at + ipv4HeaderBytes(this.#scratch, at));
  }

  #patchIpv6(end: number): void {
    const payloadLength = end - this.#ipAt - IPV6_HEADER_BYTES;
    this.#scratchView.setUint16(this.#ipAt + IPV6_PAYLOAD_LENGTH, payloadLength);
  }

  #patchTcp(at: number, payloadAt: number, sentBytes: number, isLast: boolean, sum: number): void {
    const view = this.#scratchView;
    this.#patchTcpHeader(at, sentBytes, isLast);
    view.setUint16(at + TCP_CHECKSUM, 0);
    view.setUint16(at + TCP_CHECKSUM, finishTransportSum(sumBytes(view, at, payloadAt, sum)));
  }

  /** CWR answers one mark, so it goes out once, first (RFC 3168 section 6.1.2); FIN and PSH belong to the last byte. */
  #patchTcpHeader(at: number, sentBytes: number, isLast: boolean): void {
    const view = this.#scratchView;
    let dropped = isLast ? 0 : TcpFlag.fin | TcpFlag.psh;
    if (sentBytes > 0) dropped |= TcpFlag.cwr;
    view.setUint8(at + TCP_FLAGS, view.getUint8(at + TCP_FLAGS) & ~dropped);
    view.setUint32(at + TCP_SEQUENCE, view.getUint32(at + TCP_SEQUENCE) + sentBytes);
  }

  #patchUdp(at: number, payloadAt: number, end: number, sum: number): void {
    const view = this.#scratchView;
    view.setUint16(at + UDP_LENGTH, end - at);
    view.setUint16(at + UDP_CHECKSUM, 0);
    view.setUint16(at + UDP_CHECKSUM, finishTransportSum(sumBytes(view, at, payloadAt, sum)));
  }
}
