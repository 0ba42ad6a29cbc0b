/**
 * A budget over time: `perSecond` tokens come in the long run, `burst` may go at once. Full at the start.
 *
 * Taking allocates nothing. A time before an earlier one is taken for that earlier one, so that a caller may try a
 * coarse time first and ask the clock only when that is not enough.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  /** Time up to which tokens have come. */
  #filledMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  /**
   * Takes tokens, all or none. What is larger than the burst needs a full bucket and leaves a debt, so that it passes
   * now and then and the long run is kept.
   */
  take(tokens: number, nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < Math.min(tokens, this.#burst)) return false;
    this.#tokens -= tokens;
    return true;
  }

  #fill(nowMs: number): void {
    const elapsedMs = nowMs - this.#filledMs;
    if (elapsedMs <= 0) return;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs);
  }
}
