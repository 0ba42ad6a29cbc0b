/**
 * Writes a pcapng file (draft-ietf-opsawg-pcapng), little-endian, block by block into memory that somebody takes away:
 *
 *     section header │ interface │ interface │ packet │ packet │ interface │ packet │ statistics │ packet │ …
 *
 * Each block is: type (4) │ length of the block (4) │ body, in units of 4 bytes │ the length again (4); an option in it is
 * code (2) │ length (2) │ value, padded to 4. No block is written in part: while `roomBytes` is less than it takes, do
 * not write it.
 */
import { copyBytes } from "../wire/copy.ts";

const BlockType = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_MAJOR = 1;
const VERSION_MINOR = 0;
/** Of this section: it has no end. */
const LENGTH_UNKNOWN = 0xffff_ffff;
const LINKTYPE_ETHERNET = 1;

const Option = {
  end: 0,
  comment: 1,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  interfaceTimeResolution: 9,
  packetFlags: 2,
  packetDropCount: 4,
  statisticsStart: 2,
  statisticsEnd: 3,
  statisticsReceived: 4,
  statisticsDropped: 5,
  statisticsAccepted: 6,
} as const;
/** Of timestamps: ten to the power of minus six seconds. */
const MICROSECONDS = 6;

/** Lowest bits of the flags of a packet. */
export const PacketDirection = { inbound: 1, outbound: 2 } as const;
/** Bits 2 to 4 of the flags of a packet, as they stand there. */
export const PacketReception = { unicast: 1 << 2, multicast: 2 << 2, broadcast: 3 << 2 } as const;

/** Of a text, in UTF-8; what is longer is cut. Room for the longest user name, and a comment with the longest filter. */
const MAX_TEXT_BYTES = 2_048;
/** Head and end of a packet block, its flags, its count of lost frames and the end of its options. */
const PACKET_BLOCK_BYTES = 28 + 8 + 12 + 4 + 4;
/** More than any block without a packet takes: it has two texts. */
export const MAX_OTHER_BLOCK_BYTES = 2 * MAX_TEXT_BYTES + 128;

const TWO_TO_32 = 2 ** 32;

export interface PcapngPacket {
  /** Number of its interface: they count from 0 in the order they were described. */
  readonly interfaceId: number;
  /** Unix time in microseconds. */
  readonly timeUs: number;
  /** A `PacketDirection` and a `PacketReception`. */
  readonly flags: number;
  /** Packets of this interface that are missing since the last one. */
  readonly lostBefore: number;
  /** Empty for none. */
  readonly comment: string;
}

export interface PcapngStatistics {
  readonly interfaceId: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly received: number;
  readonly accepted: number;
  readonly dropped: number;
  /** Empty for none. */
  readonly comment: string;
}

export class PcapngWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #encoder = new TextEncoder();
  /** What is written and not taken is in [from, to). */
  #from = 0;
  #to = 0;
  #blockAt = 0;

  /** `capacityBytes`: what can wait to be taken. */
  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get pendingBytes(): number {
    return this.#to - this.#from;
  }

  get roomBytes(): number {
    return this.#bytes.length - this.#to;
  }

  /** What a packet of so many bytes takes at most. */
  packetBlockBytes(capturedBytes: number, comment: string): number {
    const commentBytes = comment === "" ? 0 : 4 + Math.min(MAX_TEXT_BYTES, 3 * comment.length);
    return PACKET_BLOCK_BYTES + padded(capturedBytes) + padded(commentBytes);
  }

  /** At most `maxBytes` of what was written, oldest first, the caller's to keep; undefined if there is nothing. */
  take(maxBytes: number): Uint8Array | undefined {
    if (this.#from === this.#to) return undefined;
    const end = Math.min(this.#to, this.#from + maxBytes);
    const taken = this.#bytes.slice(this.#from, end);
    this.#from = end;
    if (end === this.#to) {
      this.#from = 0;
      this.#to = 0;
    }
    return taken;
  }

  /** Comes first. */
  section(application: string, comment: string): void {
    this.#begin(BlockType.section);
    this.#uint32(BYTE_ORDER_MAGIC);
    this.#uint16(VERSION_MAJOR);
    this.#uint16(VERSION_MINOR);
    this.#uint32(LENGTH_UNKNOWN);
    this.#uint32(LENGTH_UNKNOWN);
    this.#text(Option.sectionApplication, application);
    if (comment !== "") this.#text(Option.comment, comment);
    this.#end();
  }

  /** One more interface, whose packets are cut to `snapBytes`. */
  interface(name: string, description: string, snapBytes: number): void {
    this.#begin(BlockType.interface);
    this.#uint16(LINKTYPE_ETHERNET);
    this.#uint16(0);
    this.#uint32(snapBytes);
    this.#text(Option.interfaceName, name);
    this.#text(Option.interfaceDescription, description);
    this.#option(Option.interfaceTimeResolution, 1);
    this.#uint32(MICROSECONDS);
    this.#end();
  }

  /** A packet of `originalBytes`, of which those in [start, end) are kept. */
  packet(packet: PcapngPacket, bytes: Uint8Array, start: number, end: number, originalBytes: number): void {
    this.#begin(BlockType.packet);
    this.#uint32(packet.interfaceId);
    this.#time(packet.timeUs);
    this.#uint32(end - start);
    this.#uint32(originalBytes);
    copyBytes(bytes, start, end, this.#bytes, this.#to);
    this.#to += end - start;
    this.#pad();
    this.#option(Option.packetFlags, 4);
    this.#uint32(packet.flags);
    if (packet.lostBefore > 0) this.#uint64Option(Option.packetDropCount, packet.lostBefore);
    if (packet.comment !== "") this.#text(Option.comment, packet.comment);
    this.#end();
  }

  /** How it went for an interface from the start of the capture; the last block of an interface is what counts. */
  statistics(statistics: PcapngStatistics): void {
    this.#begin(BlockType.statistics);
    this.#uint32(statistics.interfaceId);
    this.#time(statistics.endUs);
    this.#option(Option.statisticsStart, 8);
    this.#time(statistics.startUs);
    this.#option(Option.statisticsEnd, 8);
    this.#time(statistics.endUs);
    this.#uint64Option(Option.statisticsReceived, statistics.received);
    this.#uint64Option(Option.statisticsDropped, statistics.dropped);
    this.#uint64Option(Option.statisticsAccepted, statistics.accepted);
    if (statistics.comment !== "") this.#text(Option.comment, statistics.comment);
    this.#end();
  }

  #begin(type: number): void {
    this.#blockAt = this.#to;
    this.#uint32(type);
    // The length is written at the end.
    this.#uint32(0);
  }

  #end(): void {
    this.#option(Option.end, 0);
    const blockBytes = this.#to + 4 - this.#blockAt;
    this.#uint32(blockBytes);
    this.#view.setUint32(this.#blockAt + 4, blockBytes, true);
  }

  #text(code: number, text: string): void {
    const at = this.#to + 4;
    const { written } = this.#encoder.encodeInto(text, this.#bytes.subarray(at, at + MAX_TEXT_BYTES));
    this.#option(code, written);
    this.#to += written;
    this.#pad();
  }

  #uint64Option(code: number, value: number): void {
    this.#option(code, 8);
    this.#uint32(value % TWO_TO_32);
    this.#uint32(Math.floor(value / TWO_TO_32));
  }

  #option(code: number, valueBytes: number): void {
    this.#uint16(code);
    this.#uint16(valueBytes);
  }

  /** The upper half first, in either byte order. */
  #time(timeUs: number): void {
    this.#uint32(Math.floor(timeUs / TWO_TO_32));
    this.#uint32(timeUs % TWO_TO_32);
  }

  #uint16(value: number): void {
    this.#view.setUint16(this.#to, value, true);
    this.#to += 2;
  }

  #uint32(value: number): void {
    this.#view.setUint32(this.#to, value, true);
    this.#to += 4;
  }

  #pad(): void {
    while ((this.#to & 3) !== 0) this.#bytes[this.#to++] = 0;
  }
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
