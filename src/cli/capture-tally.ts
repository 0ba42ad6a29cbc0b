/** Blocks of a pcapng file (draft-ietf-opsawg-pcapng, 3.1) and options (3.5) that are counted. */
const BLOCK_HEAD_BYTES = 8;
const LEAST_BLOCK_BYTES = 12;
const STATISTICS_BLOCK = 5;
const PACKET_BLOCK = 6;
const PACKET_OPTIONS_AT = 28;
const STATISTICS_OPTIONS_AT = 20;
const PACKET_DROP_COUNT = 4;
const STATISTICS_DROPPED = 5;

/** A frame and its comments are a tenth of it. */
const MAX_BLOCK_BYTES = 1024 * 1024;

/**
 * Watches a pcapng file as it comes, little-endian as we write it: what has come of it is given on block by block, so that
 * a file which ends at any time ends with a whole one, and its packets and losses are counted.
 */
export class CaptureTally {
  #rest: Buffer = Buffer.alloc(0);
  #packets = 0;
  /** By interface: as told packet by packet, and as its last statistics say. */
  readonly #told = new Map<number, number>();
  readonly #summed = new Map<number, number>();

  get packets(): number {
    return this.#packets;
  }

  /** Frames that the server had to leave out, because we did not fetch them in time. */
  get lost(): number {
    let lost = 0;
    for (const id of new Set([...this.#told.keys(), ...this.#summed.keys()])) {
      lost += Math.max(this.#told.get(id) ?? 0, this.#summed.get(id) ?? 0);
    }
    return lost;
  }

  /** Whole blocks: what is left of before, and of this. Throws an Error if this is no such file. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= BLOCK_HEAD_BYTES) {
      const length = bytes.readUInt32LE(at + 4);
      if (length < LEAST_BLOCK_BYTES || length > MAX_BLOCK_BYTES || length % 4 !== 0) {
        throw new Error("what it sends is no capture");
      }
      if (bytes.length - at < length) break;
      this.#count(bytes.subarray(at, at + length));
      at += length;
    }
    this.#rest = bytes.subarray(at);
    return bytes.subarray(0, at);
  }

  #count(block: Buffer): void {
    const type = block.readUInt32LE(0);
    if (type === PACKET_BLOCK && block.length >= PACKET_OPTIONS_AT) {
      this.#packets++;
      const capturedBytes = block.readUInt32LE(20);
      const lost = findOption(block, PACKET_OPTIONS_AT + padded(capturedBytes), PACKET_DROP_COUNT);
      const id = block.readUInt32LE(8);
      if (lost > 0) this.#told.set(id, (this.#told.get(id) ?? 0) + lost);
    } else if (type === STATISTICS_BLOCK && block.length >= STATISTICS_OPTIONS_AT) {
      this.#summed.set(block.readUInt32LE(8), findOption(block, STATISTICS_OPTIONS_AT, STATISTICS_DROPPED));
    }
  }
}

const padded = (length: number): number => (length + 3) & ~3;

/** The value of an option that is a number of 64 bits; 0 if it is not there. */
function findOption(block: Buffer, from: number, code: number): number {
  const end = block.length - 4;
  for (let at = from; at + 4 <= end; ) {
    const length = block.readUInt16LE(at + 2);
    if (block.readUInt16LE(at) === code && length === 8 && at + 12 <= end) {
      return Number(block.readBigUInt64LE(at + 4));
    }
    at += 4 + padded(length);
  }
  return 0;
}
