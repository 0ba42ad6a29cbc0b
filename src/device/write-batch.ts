import type { Frame } from "../wire/frame.ts";

/** Frames of one write batch; one more flushes the batch. */
const WRITE_BATCH_FRAMES = 512;

/** Words of an entry: start, end, flags (`ENTRY_HAS_VNET_HEADER`); the layout that native/tap_writer.h reads. */
export const ENTRY_WORDS = 3;

export const ENTRY_HAS_VNET_HEADER = 1;

const NO_BYTES = new Uint8Array(0);

/** Frames waiting for a device's flush, noted by their place in the one buffer they all lie in. */
export class WriteBatch {
  readonly entries = new Uint32Array(ENTRY_WORDS * WRITE_BATCH_FRAMES);
  bytes: Uint8Array = NO_BYTES;
  count = 0;

  /** Notes the frame. False if it lies in another buffer than those before it, or if the batch is full. */
  add(frame: Frame): boolean {
    if (this.count === 0) this.bytes = frame.bytes;
    else if (this.count === WRITE_BATCH_FRAMES || this.bytes !== frame.bytes) return false;
    const at = ENTRY_WORDS * this.count++;
    this.entries[at] = frame.start;
    this.entries[at + 1] = frame.end;
    this.entries[at + 2] = frame.hasVnetHeader ? ENTRY_HAS_VNET_HEADER : 0;
    return true;
  }

  /** Forgets the frames and lets go of their buffer. */
  clear(): void {
    this.count = 0;
    this.bytes = NO_BYTES;
  }
}
