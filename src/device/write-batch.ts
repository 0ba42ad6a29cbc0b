import type { Frame } from "../wire/frame.ts";

/** Frames of one write batch; one more flushes the batch. */
const WRITE_BATCH_FRAMES = 512;

/** Words of an entry: start, end, flags; the layout that native/tap_writer.h reads. */
export const ENTRY_WORDS = 3;

/** Flags of an entry. The second one is set by the device. */
export const ENTRY_HAS_VNET_HEADER = 1;
export const ENTRY_REFUSED = 2;

const NO_BYTES = new Uint8Array(0);

/**
 * Hands `count` entries, which lie in `bytes`, to the device; returns how many it refused, and marks them. Called with one
 * at least.
 */
export type WriteOut = (bytes: Uint8Array, entries: Uint32Array, count: number) => number;

/**
 * Frames waiting for a device's flush, noted by their place in the one buffer they all lie in. A frame in another buffer,
 * or one too many, sends those before it first.
 */
export class WriteBatch {
  readonly #writeOut: WriteOut;
  readonly #entries = new Uint32Array(ENTRY_WORDS * WRITE_BATCH_FRAMES);
  /** What an entry stands for. */
  readonly #frames = new Uint32Array(WRITE_BATCH_FRAMES);
  readonly #frameBytes = new Uint32Array(WRITE_BATCH_FRAMES);
  #bytes: Uint8Array = NO_BYTES;
  #count = 0;
  #refused = 0;
  #refusedBytes = 0;
  #refusedAtFlush = 0;

  constructor(writeOut: WriteOut) {
    this.#writeOut = writeOut;
  }

  /** Frames refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Their bytes. */
  get refusedBytes(): number {
    return this.#refusedBytes;
  }

  /** `frames`, `frameBytes`: what it was joined of, if it was. */
  write(frame: Frame, frames = 1, frameBytes = frame.length): void {
    if (this.#count === WRITE_BATCH_FRAMES || this.#bytes !== frame.bytes) this.#send();
    this.#bytes = frame.bytes;
    this.#frames[this.#count] = frames;
    this.#frameBytes[this.#count] = frameBytes;
    const at = ENTRY_WORDS * this.#count++;
    this.#entries[at] = frame.start;
    this.#entries[at + 1] = frame.end;
    this.#entries[at + 2] = frame.hasVnetHeader ? ENTRY_HAS_VNET_HEADER : 0;
  }

  /** Sends what waits: no frame's bytes are borrowed any more. */
  release(): void {
    this.#send();
  }

  /** Sends what waits; returns how many frames were refused since the last flush. */
  flush(): number {
    this.#send();
    const refused = this.#refused - this.#refusedAtFlush;
    this.#refusedAtFlush = this.#refused;
    return refused;
  }

  #send(): void {
    const refused = this.#count > 0 ? this.#writeOut(this.#bytes, this.#entries, this.#count) : 0;
    if (refused > 0) this.#countRefused();
    this.#count = 0;
    this.#bytes = NO_BYTES;
  }

  #countRefused(): void {
    for (let i = 0; i < this.#count; i++) {
      if (((this.#entries[ENTRY_WORDS * i + 2] as number) & ENTRY_REFUSED) === 0) continue;
      this.#refused += this.#frames[i] as number;
      this.#refusedBytes += this.#frameBytes[i] as number;
    }
  }
}
