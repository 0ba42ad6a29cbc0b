import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../base/clock.ts";
import type { ServerInfo } from "../control/model.ts";
import { tidyMs } from "../control/tidy-milliseconds.ts";

/** How often the loop is asked, in milliseconds: an idle server wakes up for little else. */
const RESOLUTION_MS = 50;
const WINDOW_MS = 10_000;
const NANOSECONDS_IN_MILLISECOND = 1e6;

/** By how much the event loop is late: of the last whole ten seconds, at first of what there is. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #clock: Clock;
  #sinceMs: number;
  #last: ServerInfo["loopDelay"] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  get lastTenSeconds(): ServerInfo["loopDelay"] {
    return this.#last ?? this.#read();
  }

  start(): void {
    this.#histogram.enable();
  }

  /** Call it about every second. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sinceMs < WINDOW_MS) return;
    this.#sinceMs = nowMs;
    this.#last = this.#read();
    this.#histogram.reset();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** Node's histogram has the time between two looks, of which the period itself is no delay. */
  #read(): ServerInfo["loopDelay"] {
    const late = (percentile: number): number =>
      tidyMs(Math.max(0, this.#histogram.percentile(percentile) / NANOSECONDS_IN_MILLISECOND - RESOLUTION_MS));
    return { medianMs: late(50), p99Ms: late(99) };
  }
}
