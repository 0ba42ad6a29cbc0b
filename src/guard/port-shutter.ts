import type { GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";

/**
 * Shuts a port for a while and opens it again, each time for twice as long, up to a bound. Once the port was open for as
 * long as that bound, its past is forgotten.
 *
 *     open ──shut()──► shut ──time is over──► open, on probation ──maxShutMs──► open
 *                        ▲                       │ shut(): twice as long
 *                        └───────────────────────┘
 */
export class PortShutter {
  readonly #time: GuardTime;
  #isShut = false;
  /** When it opens, or when it opened last. */
  #opensMs = 0;
  /** How long it was shut last; 0: never, or forgotten. */
  #lastMs = 0;

  constructor(time: GuardTime) {
    this.#time = time;
  }

  get isShut(): boolean {
    return this.#isShut;
  }

  /** How long it stays shut; 0 if it is open. */
  get remainingMs(): number {
    return this.#isShut ? Math.max(0, this.#opensMs - this.#time.nowMs) : 0;
  }

  /** Whether it is shut, or was so lately that it is not forgotten. */
  hasPast({ maxShutMs }: GuardOptions): boolean {
    return this.#isShut || (this.#lastMs > 0 && this.#time.nowMs - this.#opensMs < maxShutMs);
  }

  /** Shuts the port, and returns for how many milliseconds. */
  shut({ shutMs, maxShutMs }: GuardOptions): number {
    const isPastForgotten = this.#lastMs === 0 || this.#time.nowMs - this.#opensMs >= maxShutMs;
    this.#lastMs = isPastForgotten ? shutMs : Math.min(maxShutMs, 2 * this.#lastMs);
    this.#opensMs = this.#time.nowMs + this.#lastMs;
    this.#isShut = true;
    return this.#lastMs;
  }

  /** True if the time is over: the port is open from now on. */
  reopenIfDue(): boolean {
    if (!this.#isShut || this.#time.nowMs < this.#opensMs) return false;
    this.#isShut = false;
    return true;
  }

  /** Opens the port before its time, and forgets its past; true if it was shut. */
  pardon(): boolean {
    const wasShut = this.#isShut;
    this.#isShut = false;
    this.#lastMs = 0;
    return wasShut;
  }
}
