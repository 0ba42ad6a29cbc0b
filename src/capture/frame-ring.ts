import type { DropReason } from "../base/drop-reason.ts";
import { copyBytes } from "../wire/copy.ts";
import type { Frame } from "../wire/frame.ts";
import { isSuperFrame, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";

/** How a frame passed. */
export interface Passage {
  /** Which port it was at, by the number that the capture gave it. */
  readonly port: number;
  /** Unix time in microseconds. */
  readonly timeUs: number;
  readonly isEgress: boolean;
  readonly drop: DropReason;
  /** Frames of the port that found no room since the last one that did. */
  readonly lostBefore: number;
}

/** The same of a frame in a ring, which may be cut. */
export interface KeptPassage extends Passage {
  /** Length of the frame as it passed. */
  readonly frameBytes: number;
}

// Offsets into a record, which ends at a multiple of eight bytes:
//
//     0         4      8         16       20       24            28     29        30         32            42
//     │ length  │ port │ time µs │ frame  │ kept   │ lost before │ drop │ egress? │ header? │ virtio-net  │ kept bytes …
//     │         │      │         │ bytes  │ bytes  │             │      │         │         │ header (10) │ of the frame
const LENGTH = 0;
const PORT = 4;
const TIME = 8;
const FRAME_BYTES = 16;
const KEPT_BYTES = 20;
const LOST_BEFORE = 24;
const DROP = 28;
const IS_EGRESS = 29;
const HAS_VNET_HEADER = 30;
const VNET_HEADER = 32;
const KEPT = VNET_HEADER + VNET_HEADER_BYTES;
const ALIGNMENT = 8;

/** In the place of a length: the next record is at the beginning. */
const REST_IS_EMPTY = 0;

/**
 * Frames in the order they passed, in memory that is there from the start: putting one in allocates nothing. A record
 * never goes over the end of the memory; where it would, it begins at the front, if that is free.
 *
 *     │ free │ oldest │ … │ newest │ free │              │ newest │ free │ oldest │ … │ unused │
 */
export class FrameRing {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #oldest = 0;
  #free = 0;
  #usedBytes = 0;

  /** `capacityBytes`: a multiple of eight. */
  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get isEmpty(): boolean {
    return this.#usedBytes === 0;
  }

  /** Whether there is room for so many bytes of a frame. */
  fits(keptBytes: number): boolean {
    return this.#usedBytesWith(recordBytes(keptBytes)) <= this.#bytes.length;
  }

  /** Keeps the first bytes of a frame; false if there is no room. An ordinary one that is cut loses its virtio-net header. */
  put(frame: Frame, keptBytes: number, passage: Passage): boolean {
    if (!this.fits(keptBytes)) return false;
    const at = this.#reserve(recordBytes(keptBytes));
    const { bytes, start, end } = frame;
    const isWhole = keptBytes === end - start;
    const hasVnetHeader = frame.hasVnetHeader && (isWhole || isSuperFrame(bytes, start - VNET_HEADER_BYTES));
    const view = this.#view;
    view.setUint32(at + PORT, passage.port);
    view.setFloat64(at + TIME, passage.timeUs);
    view.setUint32(at + FRAME_BYTES, end - start);
    view.setUint32(at + KEPT_BYTES, keptBytes);
    view.setUint32(at + LOST_BEFORE, passage.lostBefore);
    view.setUint8(at + DROP, passage.drop);
    view.setUint8(at + IS_EGRESS, passage.isEgress ? 1 : 0);
    view.setUint8(at + HAS_VNET_HEADER, hasVnetHeader ? 1 : 0);
    const from = hasVnetHeader ? start - VNET_HEADER_BYTES : start;
    copyBytes(bytes, from, start + keptBytes, this.#bytes, at + KEPT - (start - from));
    return true;
  }

  /** Shows the oldest frame in `frame`, whose bytes are borrowed until `removeOldest`, and says how it passed. */
  oldest(frame: Frame): KeptPassage {
    const view = this.#view;
    const at = this.#oldest;
    const kept = at + KEPT;
    const hasVnetHeader = view.getUint8(at + HAS_VNET_HEADER) === 1;
    frame.set(this.#bytes, kept, kept + view.getUint32(at + KEPT_BYTES), hasVnetHeader);
    return {
      port: view.getUint32(at + PORT),
      timeUs: view.getFloat64(at + TIME),
      isEgress: view.getUint8(at + IS_EGRESS) === 1,
      drop: view.getUint8(at + DROP) as DropReason,
      lostBefore: view.getUint32(at + LOST_BEFORE),
      frameBytes: view.getUint32(at + FRAME_BYTES),
    };
  }

  removeOldest(): void {
    this.#advance(this.#view.getUint32(this.#oldest + LENGTH));
    if (this.#usedBytes === 0) {
      this.#oldest = 0;
      this.#free = 0;
    } else if (this.#oldest === this.#bytes.length) {
      this.#oldest = 0;
    } else if (this.#view.getUint32(this.#oldest + LENGTH) === REST_IS_EMPTY) {
      this.#advance(this.#bytes.length - this.#oldest);
      this.#oldest = 0;
    }
  }

  #advance(bytes: number): void {
    this.#oldest += bytes;
    this.#usedBytes -= bytes;
  }

  /** What would be used with one more record, and with the rest that it leaves where it begins at the front. */
  #usedBytesWith(bytes: number): number {
    const rest = this.#bytes.length - this.#free;
    return this.#usedBytes + bytes + (bytes > rest ? rest : 0);
  }

  /** Where the next record may be written, for which there is room. */
  #reserve(bytes: number): number {
    this.#usedBytes = this.#usedBytesWith(bytes);
    if (bytes > this.#bytes.length - this.#free) {
      if (this.#free < this.#bytes.length) this.#view.setUint32(this.#free + LENGTH, REST_IS_EMPTY);
      this.#free = 0;
    }
    const at = this.#free;
    this.#view.setUint32(at + LENGTH, bytes);
    this.#free += bytes;
    return at;
  }
}

/** What a frame takes in the ring, of which so many bytes are kept. */
export function recordBytes(keptBytes: number): number {
  return (KEPT + keptBytes + ALIGNMENT - 1) & -ALIGNMENT;
}
