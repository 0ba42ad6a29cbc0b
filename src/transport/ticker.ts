import type { Clock } from "../base/clock.ts";

/** A look at 4096 quiet connections takes half a millisecond; four a second cost nothing that can be felt. */
const TICK_MS = 250;

/** Time between two ticks counts twice at most: while our own process stood still, nobody else was silent. */
const MAX_COUNTED_MS = 2 * TICK_MS;

export interface Ticked {
  /** Called every `TICK_MS`. `elapsedMs` passed, in which this process ran. */
  tick(elapsedMs: number): void;
}

/** One timer for all connections, which runs while there are any. */
export class Ticker {
  readonly #clock: Clock;
  readonly #ticked = new Set<Ticked>();
  #lastMs = 0;
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(ticked: Ticked): void {
    this.#ticked.add(ticked);
    if (this.#stop !== undefined) return;
    this.#lastMs = this.#clock.nowMs();
    this.#stop = this.#clock.every(TICK_MS, () => this.#tick());
  }

  remove(ticked: Ticked): void {
    this.#ticked.delete(ticked);
    if (this.#ticked.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = Math.min(nowMs - this.#lastMs, MAX_COUNTED_MS);
    this.#lastMs = nowMs;
    for (const ticked of this.#ticked) ticked.tick(elapsedMs);
  }
}
