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

/** Between two lines about those that were not told. */
const SUMMARY_EVERY_MS = 10_000;

/** How much may be told of what others cause, so that nobody fills the disk or buries the lines about others. */
export class LineBudget {
  readonly #clock: Clock;
  readonly #options: LineBudgetOptions;
  readonly #ofAll: TokenBucket;
  readonly #ofSource: RecentMap<TokenBucket>;
  #untold = 0;
  #summaryNotBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: LineBudgetOptions) {
    const { perSecond, burst } = options.ofAll;
    this.#clock = clock;
    this.#options = options;
    this.#ofAll = new TokenBucket(perSecond, burst, clock.nowMs());
    this.#ofSource = new RecentMap(options.maxSources);
  }

  /** Whether a line about this source may be told; otherwise it is counted. */
  admits(source: string): boolean {
    if (this.#take(source)) return true;
    this.#untold++;
    return false;
  }

  /** How many lines were not told since the last time; 0 also while the last time is not long ago. */
  takeUntold(): number {
    const nowMs = this.#clock.nowMs();
    if (this.#untold === 0 || nowMs < this.#summaryNotBeforeMs) return 0;
    const untold = this.#untold;
    this.#untold = 0;
    this.#summaryNotBeforeMs = nowMs + SUMMARY_EVERY_MS;
    return untold;
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
