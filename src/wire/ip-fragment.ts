/**
 * Cuts an IPv4 packet into fragments (RFC 791 section 3.2), for one that may be fragmented and does not fit otherwise.
 *
 *     packet        │ Ethernet, VLAN │ IP, options         │ payload ···························· │
 *     fragment 0    │ copied         │ length, MF          │ 8n bytes │
 *     fragment 1    │ copied         │ copied options only │          │ 8n bytes │  …
 *
 * A packet that is a fragment itself becomes smaller ones.
 */
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { setIpv4Checksum } from "./checksum.ts";
import { copyBytes } from "./copy.ts";
import { EtherType, MAX_FRAME_BYTES, networkHeaderOffset, uint16At } from "./ethernet.ts";
import {
  IPV4_DONT_FRAGMENT,
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_OFFSET,
  IPV4_MIN_HEADER_BYTES,
  IPV4_MORE_FRAGMENTS,
  IPV4_TOTAL_LENGTH,
  ipv4HeaderBytes,
} from "./ip-packet.ts";
import type { SegmentSink } from "./segment.ts";

/** Fragments of one packet: a full one of 64 KiB over the least MTU of IPv6. More would be a flood made of one frame. */
export const MAX_IPV4_FRAGMENTS = 53;
/** Ethernet header with two tags, IPv4 header with all its options. */
const MAX_HEADER_BYTES = 22 + 60;
/** The unit of a fragment's offset. */
const UNIT_BYTES = 8;

const OPTION_END = 0;
const OPTION_PADDING = 1;
/** In an option's type: it belongs into each fragment. */
const OPTION_COPIED = 0x80;

/** Whether the frame in [start, end) carries an IPv4 packet, maybe cut short, that may be fragmented. */
export function mayBeFragmented(bytes: Uint8Array, start: number, end: number): boolean {
  const network = networkHeaderOffset(bytes, start, end);
  if (network < 0 || network + IPV4_MIN_HEADER_BYTES > end) return false;
  if (uint16At(bytes, network - 2) !== EtherType.ipv4 || (bytes[network] as number) >>> 4 !== 4) return false;
  return (uint16At(bytes, network + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT) === 0;
}

/** Owns the memory that fragments lie in; not re-entrant. */
export class Ipv4Fragmenter {
  readonly #scratch = new Uint8Array(MAX_FRAME_BYTES + MAX_IPV4_FRAGMENTS * MAX_HEADER_BYTES);
  readonly #view = new DataView(this.#scratch.buffer);
  // The packet at hand, as offsets into `#source`.
  #source: Uint8Array = this.#scratch;
  #start = 0;
  #network = 0;
  #payload = 0;
  #packetEnd = 0;
  /** Bytes of the Ethernet header, its tags included. */
  #linkBytes = 0;

  /**
   * Gives the sink the packet in the ordinary frame [start, end), all checksums in place, as fragments of at most `mtu`
   * bytes each. They stay until the next call. Returns `Drop.tooBig`, and gives nothing, for what is no IPv4 packet that
   * may be fragmented, what is cut short or lies about a length, and what would be too many fragments.
   */
  fragment(bytes: Uint8Array, start: number, end: number, mtu: number, sink: SegmentSink): DropReason {
    if (!this.#begin(bytes, start, end)) return Drop.tooBig;
    const chunkBytes = (mtu - (this.#payload - this.#network)) & -UNIT_BYTES;
    const payloadBytes = this.#packetEnd - this.#payload;
    if (chunkBytes < UNIT_BYTES || payloadBytes > chunkBytes * MAX_IPV4_FRAGMENTS) return Drop.tooBig;
    let at = 0;
    for (let from = this.#payload; from < this.#packetEnd; from += chunkBytes) {
      const fragmentEnd = this.#build(at, from, Math.min(from + chunkBytes, this.#packetEnd));
      sink(this.#scratch, at, fragmentEnd);
      at = fragmentEnd;
    }
    return Drop.none;
  }

  /** Finds the packet's parts; false if it may not be fragmented, or not by us. */
  #begin(bytes: Uint8Array, start: number, end: number): boolean {
    if (!mayBeFragmented(bytes, start, end)) return false;
    const network = networkHeaderOffset(bytes, start, end);
    const packetEnd = network + uint16At(bytes, network + IPV4_TOTAL_LENGTH);
    const payload = network + ipv4HeaderBytes(bytes, network);
    if (payload < network + IPV4_MIN_HEADER_BYTES || payload > packetEnd || packetEnd > end) return false;
    this.#source = bytes;
    this.#start = start;
    this.#network = network;
    this.#payload = payload;
    this.#packetEnd = packetEnd;
    this.#linkBytes = network - start;
    return true;
  }

  /** Builds the fragment that carries [from, to) of the source at `at`, and returns its end. */
  #build(at: number, from: number, to: number): number {
    const ip = at + this.#linkBytes;
    copyBytes(this.#source, this.#start, this.#network + IPV4_MIN_HEADER_BYTES, this.#scratch, at);
    const payload = this.#copyOptions(ip + IPV4_MIN_HEADER_BYTES, from > this.#payload);
    copyBytes(this.#source, from, to, this.#scratch, payload);
    const end = payload + to - from;
    const view = this.#view;
    view.setUint8(ip, 0x40 | ((payload - ip) >>> 2));
    view.setUint16(ip + IPV4_TOTAL_LENGTH, end - ip);
    view.setUint16(ip + IPV4_FRAGMENT, this.#fragmentField(from, to));
    setIpv4Checksum(view, ip, payload);
    return end;
  }

  #fragmentField(from: number, to: number): number {
    const whole = uint16At(this.#source, this.#network + IPV4_FRAGMENT);
    const offset = (whole & IPV4_FRAGMENT_OFFSET) + (from - this.#payload) / UNIT_BYTES;
    const more = to < this.#packetEnd ? IPV4_MORE_FRAGMENTS : whole & IPV4_MORE_FRAGMENTS;
    return more | (offset & IPV4_FRAGMENT_OFFSET);
  }

  /** Writes the options at `to`, in later fragments only those that belong there; returns where the payload begins. */
  #copyOptions(to: number, isLater: boolean): number {
    const options = this.#network + IPV4_MIN_HEADER_BYTES;
    if (!isLater || options === this.#payload) {
      copyBytes(this.#source, options, this.#payload, this.#scratch, to);
      return to + this.#payload - options;
    }
    let put = to;
    for (let at = options; at < this.#payload; ) {
      const optionBytes = this.#optionBytes(at);
      if (optionBytes === 0) break;
      if (((this.#source[at] as number) & OPTION_COPIED) !== 0) {
        copyBytes(this.#source, at, at + optionBytes, this.#scratch, put);
        put += optionBytes;
      }
      at += optionBytes;
    }
    // A header is a multiple of four bytes.
    while (((put - to) & 3) !== 0) this.#scratch[put++] = OPTION_END;
    return put;
  }

  /** Length of the option at `at`; 0 at the end of the options, and where they make no sense any more. */
  #optionBytes(at: number): number {
    const type = this.#source[at] as number;
    if (type === OPTION_END) return 0;
    if (type === OPTION_PADDING) return 1;
    const optionBytes = at + 1 < this.#payload ? (this.#source[at + 1] as number) : 0;
    return optionBytes >= 2 && at + optionBytes <= this.#payload ? optionBytes : 0;
  }
}
