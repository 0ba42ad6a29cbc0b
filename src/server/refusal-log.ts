import { addressKey } from "../access/address-key.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { RecentMap } from "../base/recent-map.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { printable } from "../wire/printable.ts";
import type { Refused } from "./admission.ts";

/**
 * Lines about refused requests, per second and at once: of an address, and of all. A request costs a stranger next to
 * nothing. Without a bound they fill the disk; or the system's journal throws lines away, those about others too. All
 * guesses that are heard of a few hundred addresses are told.
 */
const OF_ADDRESS = { perSecond: 1, burst: 300 } as const;
const OF_ALL = { perSecond: 50, burst: 3_000 } as const;
/** Addresses whose lines are counted; the one that was refused longest ago is forgotten. */
const MAX_ADDRESSES = 4_096;
/** Between two lines about those that were not told. */
const SUMMARY_EVERY_MS = 10_000;

/** Logs who was refused and why: each one, and of a flood how many. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ofAll: TokenBucket;
  readonly #ofAddress = new RecentMap<TokenBucket>(MAX_ADDRESSES);
  #untold = 0;
  #summaryNotBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#ofAll = new TokenBucket(OF_ALL.perSecond, OF_ALL.burst, clock.nowMs());
  }

  tell({ status, reason, ...refused }: Refused, via: string): void {
    if (!this.#mayTell(refused.address)) {
      this.#untold++;
      return;
    }
    const user = printable(refused.user ?? "");
    const address = printable(refused.address);
    const text = `refused ${user === "" ? "a request" : user} from ${address || via}: ${reason} (${status})`;
    this.#log.info("access.refused", text, { address, user, via, status, reason });
  }

  /** Call it about every second. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#untold === 0 || nowMs < this.#summaryNotBeforeMs) return;
    const requests = this.#untold;
    this.#untold = 0;
    this.#summaryNotBeforeMs = nowMs + SUMMARY_EVERY_MS;
    this.#log.warn("access.flood", `refused ${requests} requests more than are told of one by one`, { requests });
  }

  /** One address at a time first: its flood must not use up the lines about others. */
  #mayTell(address: string): boolean {
    const nowMs = this.#clock.nowMs();
    const key = addressKey(address);
    const bucket = this.#ofAddress.get(key) ?? new TokenBucket(OF_ADDRESS.perSecond, OF_ADDRESS.burst, nowMs);
    this.#ofAddress.set(key, bucket);
    return bucket.take(1, nowMs) && this.#ofAll.take(1, nowMs);
  }
}
