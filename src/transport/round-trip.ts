/** Samples of which the least is taken: some minutes of a quiet connection, some seconds of probes. */
const WINDOW = 16;

/** RFC 6298, 2.1: what to expect before anything was measured. */
const INITIAL_MS = 1_000;

/** The round trip of a connection, smoothed as TCP does (RFC 6298, section 2), and the least of the last samples. */
export class RoundTrip {
  readonly #window = new Float64Array(WINDOW).fill(Number.POSITIVE_INFINITY);
  #samples = 0;
  #lastMs: number | undefined;
  #smoothedMs = INITIAL_MS;
  #variationMs = 0;

  /** The latest sample. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  get smoothedMs(): number {
    return this.#smoothedMs;
  }

  /** What an answer hardly ever takes longer than: the smoothed round trip and four times its variation. */
  get boundMs(): number {
    return this.#smoothedMs + 4 * this.#variationMs;
  }

  /** The least of the last `WINDOW` samples: the path without its queues, if they were ever empty meanwhile. */
  get leastMs(): number | undefined {
    return this.#samples === 0 ? undefined : Math.min(...this.#window);
  }

  sample(roundTripMs: number): void {
    if (this.#samples === 0) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      this.#variationMs += (Math.abs(this.#smoothedMs - roundTripMs) - this.#variationMs) / 4;
      this.#smoothedMs += (roundTripMs - this.#smoothedMs) / 8;
    }
    this.#window[this.#samples++ % WINDOW] = roundTripMs;
    this.#lastMs = roundTripMs;
  }
}
