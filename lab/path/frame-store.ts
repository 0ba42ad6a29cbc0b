import { copyBytes } from "../../src/wire/copy.ts";

/** What `FrameStore.take` says when there is no room. */
export const NO_SLOT = -1;

/** Copies of frames that are under way, each in a slot of fixed size; nothing is allocated after the start. */
export class FrameStore {
  readonly bytes: Uint8Array;
  readonly slotBytes: number;
  readonly #lengths: Uint32Array;
  /** Free slots, the one freed last on top: its memory is in the processor's cache. */
  readonly #free: Uint32Array;
  #freeCount: number;

  constructor(slots: number, slotBytes: number) {
    this.bytes = new Uint8Array(slots * slotBytes);
    this.slotBytes = slotBytes;
    this.#lengths = new Uint32Array(slots);
    this.#free = Uint32Array.from({ length: slots }, (_, index) => slots - 1 - index);
    this.#freeCount = slots;
  }

  /** Slots in use. */
  get used(): number {
    return this.#free.length - this.#freeCount;
  }

  /** Copies a frame into a free slot and returns it; `NO_SLOT` if none is free or the frame is too long. */
  take(source: Uint8Array, start: number, end: number): number {
    if (this.#freeCount === 0 || end - start > this.slotBytes) return NO_SLOT;
    const slot = this.#free[--this.#freeCount] as number;
    copyBytes(source, start, end, this.bytes, slot * this.slotBytes);
    this.#lengths[slot] = end - start;
    return slot;
  }

  lengthOf(slot: number): number {
    return this.#lengths[slot] as number;
  }

  /** The bytes stay as they are until the next `take`. */
  release(slot: number): void {
    this.#free[this.#freeCount++] = slot;
  }
}
