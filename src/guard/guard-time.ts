import type { Clock } from "../base/clock.ts";

/**
 * The guard's time. `nowMs` is that of the last tick, in whole milliseconds: good enough for what lasts seconds, and
 * free to read for every frame; a whole number is no object to the engine. `exactMs` asks the clock.
 */
export class GuardTime {
  readonly #clock: Clock;
  nowMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.nowMs = Math.floor(clock.nowMs());
  }

  tick(): void {
    this.nowMs = Math.floor(this.#clock.nowMs());
  }

  exactMs(): number {
    return this.#clock.nowMs();
  }
}
