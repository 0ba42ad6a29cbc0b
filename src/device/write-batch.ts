import type { Frame } from "../wire/frame.ts";

/** Frames of one write batch; one more flushes the batch. */
const WRITE_BATCH_FRAMES = 512;

/** Words of an entry: start, end, flags (`ENTRY_HAS_VNET_HEADER`); the layout that native/tap_writer.h reads. */
export const ENTRY_WORDS = 3;

export const ENTRY_HAS_VNET_HEADER = 1;

const NO_BYTES = new Uint8Array(0);

/** Hands `count` entries, which lie in `bytes`, to the device; returns how many it refused. Called with one at least. */
export type WriteOut = (bytes: Uint8Array, entries: Uint32Array, count: number) => number;

/**
 * Frames waiting for a device's flush, noted by their place in the one buffer they all lie in. A frame in another buffer,
 * or one too many, sends those before it first.
 */
export class WriteBatch {
  readonly #writeOut: WriteOut;
  readonly #entries = new Uint32Array(ENTRY_WORDS * WRITE_BATCH_FRAMES);
  #bytes: Uint8Array = NO_BYTES;
  #count = 0;
  #refused = 0;
  #refusedAtFlush = 0;

  constructor(writeOut: WriteOut) {
    this.#writeOut = writeOut;
  }

  /** Frames refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  write(frame: Frame): void {
    if (this.#count === WRITE_BATCH_FRAMES || this.#bytes !== frame.bytes) this.#send();
    this.#bytes = frame.bytes;
    const at = ENTRY_WORDS * this.#count++;
    this.#entries[at] = frame.start;
    this.#entries[at + 1] = frame.end;
    this.#entries[at + 2] = frame.hasVnetHeader ? ENTRY_HAS_VNET_HEADER : 0;
  }

  /** Sends what waits; returns how many frames were refused since the last flush. */
  flush(): number {
    this.#send();
    const refused = this.#refused - this.#refusedAtFlush;
    this.#refusedAtFlush = this.#refused;
    return refused;
  }

  #send(): void {
    if (this.#count > 0) this.#refused += this.#writeOut(this.#bytes, this.#entries, this.#count);
    this.#count = 0;
    this.#bytes = NO_BYTES;
  }
}
