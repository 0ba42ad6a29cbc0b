import type { Clock } from "./clock.ts";
import { LineBudget } from "./line-budget.ts";
import type { LogFields, Logger } from "./logger.ts";

/**
 * Lines of one event, per second and at once: about a source, and about all. One who comes and goes in a loop is told of
 * for a while; a server that starts again may tell of everybody who comes back.
 */
const OF_SOURCE = { perSecond: 0.1, burst: 300 } as const;
const OF_ALL = { perSecond: 10, burst: 10_000 } as const;
/** Of each event. */
const MAX_SOURCES = 4_096;

/**
 * A log of what others cause, by what they do again and again: too many lines of an event are counted, and their number
 * is told now and then. The first ones are always told.
 */
export class FloodLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** By event, of which there are as many as the code has. */
  readonly #budgets = new Map<string, LineBudget>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A logger for lines that this source causes: a user, an address, whoever is the same again when he comes back. */
  about(source: string): Logger {
    const limited =
      (level: "info" | "warn" | "error") =>
      (event: string, message: string, fields?: LogFields): void => {
        if (this.#budgetOf(event).admits(source)) this.#log[level](event, message, fields);
      };
    // Who looks at debug wants to see everything.
    return { debug: this.#log.debug, info: limited("info"), warn: limited("warn"), error: limited("error") };
  }

  #budgetOf(event: string): LineBudget {
    const known = this.#budgets.get(event);
    if (known !== undefined) return known;
    const log = this.#log;
    const options = { ofSource: OF_SOURCE, ofAll: OF_ALL, maxSources: MAX_SOURCES };
    const budget = new LineBudget(this.#clock, options, (lines) =>
      log.warn("log.flood", `${lines} lines ${event} more than are told one by one`, { of: event, lines }),
    );
    this.#budgets.set(event, budget);
    return budget;
  }
}
