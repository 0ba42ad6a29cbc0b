/** Waiting times between attempts: short ones while there is hope of a quick end, then longer and longer ones. */
export interface BackoffOptions {
  /** Of the short waits, each drawn from between the two, so that many clients come spread out. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** Of the long ones, which double from `mostMs`, each drawn from its upper half. */
  readonly maxMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #sinceMs: number | undefined;
  #longWaits = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** How long to wait before the next attempt: shortly, while fewer than `shortForMs` have passed since the first wait. */
  nextMs(nowMs: number, shortForMs: number): number {
    this.#sinceMs ??= nowMs;
    const { leastMs, mostMs, maxMs } = this.#options;
    if (nowMs - this.#sinceMs < shortForMs) return leastMs + (mostMs - leastMs) * this.#random();
    const fullMs = Math.min(maxMs, mostMs * 2 ** (this.#longWaits + 1));
    if (fullMs < maxMs) this.#longWaits++;
    return fullMs * (0.5 + this.#random() / 2);
  }

  /** An attempt succeeded: the next wait is a short one again. */
  reset(): void {
    this.#sinceMs = undefined;
    this.#longWaits = 0;
  }
}
