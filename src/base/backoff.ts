/** Waiting times that double up to a limit, each drawn from its upper half so that many clients do not come at once. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #attempts = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** How long to wait before the next attempt. */
  nextMs(): number {
    const { firstMs, maxMs } = this.#options;
    const fullMs = Math.min(maxMs, firstMs * 2 ** this.#attempts);
    if (fullMs < maxMs) this.#attempts++;
    return fullMs * (0.5 + this.#random() / 2);
  }

  /** The attempt succeeded: the next wait is the first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
