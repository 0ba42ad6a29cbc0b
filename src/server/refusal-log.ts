import { addressKey } from "../access/address-key.ts";
import type { Clock } from "../base/clock.ts";
import { LineBudget } from "../base/line-budget.ts";
import type { Logger } from "../base/logger.ts";
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

/** Logs who was refused and why: each one, and of a flood how many. */
export class RefusalLog {
  readonly #log: Logger;
  readonly #budget: LineBudget;

  constructor(clock: Clock, log: Logger) {
    this.#log = log;
    const options = { ofSource: OF_ADDRESS, ofAll: OF_ALL, maxSources: MAX_ADDRESSES };
    this.#budget = new LineBudget(clock, options, (requests) =>
      log.warn("access.flood", `refused ${requests} requests more than are told of one by one`, { requests }),
    );
  }

  tell({ status, reason, ...refused }: Refused, via: string): void {
    if (!this.#budget.admits(addressKey(refused.address))) return;
    const user = printable(refused.user ?? "");
    const address = printable(refused.address);
    const text = `refused ${user === "" ? "a request" : user} from ${address || via}: ${reason} (${status})`;
    this.#log.info("access.refused", text, { address, user, via, status, reason });
  }
}
