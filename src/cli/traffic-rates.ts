/** What is known of something's traffic; both count up. */
export interface TrafficCounters {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly drops: number;
}

/** Per second; bytes, and frames for `drops`. */
export type TrafficRate = TrafficCounters;

interface Look {
  readonly atMs: number;
  readonly counters: TrafficCounters;
}

/** Rates of whatever is looked at again and again, from the differences of its counters. */
export class TrafficRates {
  #instance = "";
  #looks: ReadonlyMap<string, Look> = new Map();
  #rates: ReadonlyMap<string, TrafficRate> = new Map();

  /**
   * All that is there at a moment, by its key. `instance`: of the process that counts; another one's counters began anew.
   * What was not there at the last look has no rate yet.
   */
  look(instance: string, atMs: number, all: Iterable<readonly [key: string, counters: TrafficCounters]>): void {
    const before: ReadonlyMap<string, Look> = instance === this.#instance ? this.#looks : new Map();
    const looks = new Map<string, Look>();
    const rates = new Map<string, TrafficRate>();
    for (const [key, counters] of all) {
      const last = before.get(key);
      looks.set(key, { atMs, counters });
      const rate = last === undefined ? undefined : rateBetween(last, { atMs, counters });
      if (rate !== undefined) rates.set(key, rate);
    }
    this.#instance = instance;
    this.#looks = looks;
    this.#rates = rates;
  }

  /** Since the look before the last; undefined if it was not there then. */
  of(key: string): TrafficRate | undefined {
    return this.#rates.get(key);
  }
}

/** Undefined where no time has passed, or a counter went back: it is another one with the same key. */
function rateBetween(before: Look, now: Look): TrafficRate | undefined {
  const seconds = (now.atMs - before.atMs) / 1000;
  const per = (name: keyof TrafficCounters): number => (now.counters[name] - before.counters[name]) / seconds;
  const rate = { receivedBytes: per("receivedBytes"), sentBytes: per("sentBytes"), drops: per("drops") };
  const isSound = seconds > 0 && Object.values(rate).every((value) => value >= 0);
  return isSound ? rate : undefined;
}
