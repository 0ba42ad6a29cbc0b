/** Later or further than this is no busy moment and no correction by NTP: the machine slept, or we were frozen. */
const JUMP_MS = 3_000;

/**
 * Notices that time passed in which this process did not run. The monotonic clock of Linux stands still while the
 * machine sleeps, the wall clock does not; while only the process is frozen both go on, and its ticks come late.
 */
export class ClockJump {
  readonly #periodMs: number;
  #monotonicMs: number;
  #wallMs: number;

  /** `look` will be called every `periodMs`. */
  constructor(periodMs: number, monotonicMs: number, wallMs: number) {
    this.#periodMs = periodMs;
    this.#monotonicMs = monotonicMs;
    this.#wallMs = wallMs;
  }

  /** Whether time was lost since the last look. A wall clock that is set back loses none. */
  look(monotonicMs: number, wallMs: number): boolean {
    const elapsedMs = monotonicMs - this.#monotonicMs;
    const wallElapsedMs = wallMs - this.#wallMs;
    this.#monotonicMs = monotonicMs;
    this.#wallMs = wallMs;
    return Math.max(elapsedMs - this.#periodMs, wallElapsedMs - elapsedMs) > JUMP_MS;
  }
}
