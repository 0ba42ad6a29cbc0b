/** What is looked at of a byte stream. */
export interface Writing {
  /** Writes begun so far. */
  readonly writes: number;
  /** Whether one is under way. */
  readonly writing: boolean;
}

/** Notices a peer that takes nothing: a write holds 256 KiB at most, and one that lasts means that it is frozen. */
export class WriteWatch {
  readonly #stream: Writing;
  #writes = 0;
  #stalledMs = 0;

  constructor(stream: Writing) {
    this.#stream = stream;
  }

  /** For how long the write under way has lasted, given the time since the last look. */
  look(elapsedMs: number): number {
    const { writes, writing } = this.#stream;
    this.#stalledMs = writing && writes === this.#writes ? this.#stalledMs + elapsedMs : 0;
    this.#writes = writes;
    return this.#stalledMs;
  }
}
