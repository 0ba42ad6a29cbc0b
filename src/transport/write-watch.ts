import type { ByteStream } from "./byte-stream.ts";

/** Notices a peer that takes nothing: a write holds 256 KiB at most, and one that lasts means that it is frozen. */
export class WriteWatch {
  readonly #stream: ByteStream;
  readonly #periodMs: number;
  #writes = 0;
  #stalledMs = 0;

  /** To be asked every `periodMs`. */
  constructor(stream: ByteStream, periodMs: number) {
    this.#stream = stream;
    this.#periodMs = periodMs;
  }

  /** For how long the write under way has lasted, to one period. */
  look(): number {
    const { writes, writing } = this.#stream;
    this.#stalledMs = writing && writes === this.#writes ? this.#stalledMs + this.#periodMs : 0;
    this.#writes = writes;
    return this.#stalledMs;
  }
}
