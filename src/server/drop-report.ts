import { DROP_NAMES, Drop, type DropCounters, type DropReason } from "../base/drop-reason.ts";

/** Reports of the same port are at least this far apart, however much it drops. */
const REPORT_EVERY_MS = 10_000;

/** What of the counters is worth a line in the log: what policy and guard dropped, not what every network drops. */
const REPORTED: readonly DropReason[] = [
  Drop.sourceInvalid,
  Drop.sourceNotPinned,
  ...Object.values(Drop).filter((reason) => reason >= Drop.reservedDestination),
];

/** The drops of one port since the last report, by reason; undefined if there is nothing to say, or it was said lately. */
export class DropReport {
  readonly #counters: readonly DropCounters[];
  readonly #reported = new Float64Array(DROP_NAMES.length);
  #total = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(...counters: readonly DropCounters[]) {
    this.#counters = counters;
  }

  next(nowMs: number): Readonly<Record<string, number>> | undefined {
    const total = this.#counters.reduce((sum, counter) => sum + counter.total, 0);
    if (total === this.#total || nowMs < this.#notBeforeMs) return undefined;
    this.#total = total;
    const fresh: Record<string, number> = {};
    for (const reason of REPORTED) this.#note(reason, fresh);
    if (Object.keys(fresh).length === 0) return undefined;
    this.#notBeforeMs = nowMs + REPORT_EVERY_MS;
    return fresh;
  }

  #note(reason: DropReason, fresh: Record<string, number>): void {
    const count = this.#counters.reduce((sum, counter) => sum + counter.get(reason), 0);
    const more = count - (this.#reported[reason] as number);
    if (more <= 0) return;
    this.#reported[reason] = count;
    fresh[DROP_NAMES[reason] as string] = more;
  }
}
