import type { Clock } from "./clock.ts";
import { RecentMap } from "./recent-map.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Lines per second in the long run, and at once. */
interface LineRate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface LineBudgetOptions {
  readonly ofSource: LineRate;
  readonly ofAll: LineRate;
  /** Sources whose lines are counted; the one that was heard of longest ago is forgotten. */
  readonly maxSources: number;
}

/** From the first line that is not told to the line about how many there were: a flood has just begun. */
const FIRST_SUMMARY_MS = 1_000;
/** Between two such lines. */
const SUMMARY_EVERY_MS = 10_000;

/**
 * How much may be told of what others cause, so that nobody fills the disk or buries the lines about others. What is not
 * told is counted, and `onUntold` hears now and then how much that was.
 */
export class LineBudget {
  readonly #clock: Clock;
  readonly #options: LineBudgetOptions;
  readonly #ofAll: TokenBucket;
  readonly #ofSource: RecentMap<TokenBucket>;
  readonly #onUntold: (lines: number) => void;
  #untold = 0;
  #lastSummaryMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: LineBudgetOptions, onUntold: (lines: number) => void) {
    const { perSecond, burst } = options.ofAll;
    this.#clock = clock;
    this.#options = options;
    this.#onUntold = onUntold;
    this.#ofAll = new TokenBucket(perSecond, burst, clock.nowMs());
    this.#ofSource = new RecentMap(options.maxSources);
  }

  /** Whether a line about this source may be told; otherwise it is counted. */
  admits(source: string): boolean {
    if (this.#take(source)) return true;
    if (this.#untold === 0) this.#scheduleSummary();
    this.#untold++;
    return false;
  }

  #scheduleSummary(): void {
    const dueMs = this.#lastSummaryMs + SUMMARY_EVERY_MS - this.#clock.nowMs();
    this.#clock.after(Math.max(dueMs, FIRST_SUMMARY_MS), () => {
      const lines = this.#untold;
      this.#untold = 0;
      this.#lastSummaryMs = this.#clock.nowMs();
      this.#onUntold(lines);
    });
  }

  /** One source at a time first: its flood must not use up the lines about others. */
  #take(source: string): boolean {
    const { perSecond, burst } = this.#options.ofSource;
    const nowMs = this.#clock.nowMs();
    const bucket = this.#ofSource.get(source) ?? new TokenBucket(perSecond, burst, nowMs);
    this.#ofSource.set(source, bucket);
    return bucket.take(1, nowMs) && this.#ofAll.take(1, nowMs);
  }
}
