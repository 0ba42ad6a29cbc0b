import type { PeerRow } from "../../../src/control/model.ts";
import { SPARKLINE_VALUES } from "../text/sparkline-points.ts";
import { NO_RATES, type Rates, ratesBetween, type TrafficAt } from "./rates.ts";

/** How one peer's traffic goes. */
export interface PeerTrend {
  readonly rates: Rates;
  /** Bits per second, both directions together, oldest first. */
  readonly trend: readonly number[];
}

interface Known extends PeerTrend, TrafficAt {
  readonly sinceMs: number;
}

const NO_TREND: PeerTrend = { rates: NO_RATES, trend: [] };

/** Rates of all peers, from counters that are looked at now and then. */
export class PeerRates {
  #instance: string | undefined;
  #known = new Map<string, Known>();

  /** A new look, at `atMs`. Ids of another instance of the server, or with another beginning, are others. */
  look(instance: string | undefined, atMs: number, rows: readonly PeerRow[]): void {
    if (instance !== this.#instance) this.#known.clear();
    this.#instance = instance;
    // A new map, so that who left is forgotten.
    this.#known = new Map(rows.map((row) => [row.id, this.#next(row, atMs)]));
  }

  of(id: string): PeerTrend {
    return this.#known.get(id) ?? NO_TREND;
  }

  #next({ id, sinceMs, traffic }: PeerRow, atMs: number): Known {
    const before = this.#known.get(id);
    if (before === undefined || before.sinceMs !== sinceMs) return { ...NO_TREND, atMs, sinceMs, traffic };
    const rates = ratesBetween(before, { atMs, traffic });
    if (rates === undefined) return { ...NO_TREND, atMs, sinceMs, traffic };
    const trend = [...before.trend.slice(1 - SPARKLINE_VALUES), rates.receivedBits + rates.sentBits];
    return { rates, trend, atMs, sinceMs, traffic };
  }
}
