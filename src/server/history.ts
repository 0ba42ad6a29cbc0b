import type { HistorySample } from "../control/model.ts";

/** Ten minutes at a sample a second: a page that is opened shows at once what was before. */
const KEPT_SAMPLES = 600;

/** The last samples of the whole server. */
export class History {
  /** A ring: the oldest one is at `#next` when it is full. */
  readonly #samples: HistorySample[] = [];
  #next = 0;

  /** Oldest first. */
  get all(): readonly HistorySample[] {
    return [...this.#samples.slice(this.#next), ...this.#samples.slice(0, this.#next)];
  }

  add(sample: HistorySample): void {
    this.#samples[this.#next] = sample;
    this.#next = (this.#next + 1) % KEPT_SAMPLES;
  }
}
