/**
 * CoDel (RFC 8289) for many queues at once: a queue whose frames have waited longer than `targetMs` for a whole
 * `intervalMs` loses one, and further ones at shorter and shorter distances until the wait is below the target again.
 * A burst that passes within an interval loses nothing; a standing queue does not stand.
 *
 *     waited < target ──► good: forget          ≥ target since less than an interval ──► wait and see
 *     ≥ target for an interval ──► dropping: the next at interval/√1, interval/√2, … after it
 *
 * The state of each queue lies in typed arrays: one step allocates nothing.
 */
export const CODEL_DEFAULTS = { targetMs: 5, intervalMs: 100 } as const;

/** A queue that begins to drop again within so many intervals goes on near the rate it had found (RFC 8289, 4.4). */
const RESUME_INTERVALS = 16;

export class Codel {
  /** How long frames may wait for good. */
  targetMs: number = CODEL_DEFAULTS.targetMs;
  /** How long it takes a sender to react; above the round trips of the flows. */
  intervalMs: number = CODEL_DEFAULTS.intervalMs;
  readonly #firstAboveMs: Float64Array;
  readonly #dropNextMs: Float64Array;
  readonly #counts: Int32Array;
  readonly #lastCounts: Int32Array;
  readonly #dropping: Uint8Array;

  constructor(queues: number) {
    this.#firstAboveMs = new Float64Array(queues);
    this.#dropNextMs = new Float64Array(queues);
    this.#counts = new Int32Array(queues);
    this.#lastCounts = new Int32Array(queues);
    this.#dropping = new Uint8Array(queues);
  }

  /**
   * Whether the frame that leaves the queue should be dropped, or marked. To be asked once for each, in the order they
   * leave. `hasBacklog`: more than one frame's worth waits in all; dropping from less would only idle the link.
   */
  judge(queue: number, waitedMs: number, nowMs: number, hasBacklog: boolean): boolean {
    const isAbove = this.#isAbove(queue, waitedMs, nowMs, hasBacklog);
    if (this.#dropping[queue] === 0) return isAbove && this.#begin(queue, nowMs);
    if (!isAbove) this.#dropping[queue] = 0;
    const dropNextMs = this.#dropNextMs[queue] as number;
    if (!isAbove || nowMs < dropNextMs) return false;
    const count = (this.#counts[queue] as number) + 1;
    this.#counts[queue] = count;
    this.#dropNextMs[queue] = this.#law(dropNextMs, count);
    return true;
  }

  /** The queue was found empty. */
  emptied(queue: number): void {
    this.#firstAboveMs[queue] = 0;
    this.#dropping[queue] = 0;
  }

  /** The queue is another one from now on. */
  forget(queue: number): void {
    this.emptied(queue);
    this.#counts[queue] = 0;
    this.#lastCounts[queue] = 0;
    this.#dropNextMs[queue] = 0;
  }

  #isAbove(queue: number, waitedMs: number, nowMs: number, hasBacklog: boolean): boolean {
    if (waitedMs < this.targetMs || !hasBacklog) {
      this.#firstAboveMs[queue] = 0;
      return false;
    }
    const sinceMs = this.#firstAboveMs[queue] as number;
    if (sinceMs === 0) this.#firstAboveMs[queue] = nowMs + this.intervalMs;
    return sinceMs !== 0 && nowMs >= sinceMs;
  }

  #begin(queue: number, nowMs: number): boolean {
    const delta = (this.#counts[queue] as number) - (this.#lastCounts[queue] as number);
    const isRecent = nowMs - (this.#dropNextMs[queue] as number) < RESUME_INTERVALS * this.intervalMs;
    const count = delta > 1 && isRecent ? delta : 1;
    this.#dropping[queue] = 1;
    this.#counts[queue] = count;
    this.#lastCounts[queue] = count;
    this.#dropNextMs[queue] = this.#law(nowMs, count);
    return true;
  }

  /** Drops at distances that shrink with the square root of their number make TCP's rate fall linearly (RFC 8289, 3.3). */
  #law(fromMs: number, count: number): number {
    return fromMs + this.intervalMs / Math.sqrt(count);
  }
}
