import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { peerRowSchema, serverInfoSchema } from "../control/model.ts";
import type { ControlClient, Query } from "./control-client.ts";
import { isPassing } from "./control-error.ts";
import { type OperatorOutput, widthOf } from "./interruption.ts";
import { formatJson } from "./json-text.ts";
import type { LiveScreen } from "./live-screen.ts";
import { paintFor } from "./paint.ts";
import { orderOf, type SeenPeer, SORT_COLUMNS, type SortColumn } from "./peers-table.ts";
import { formatPeersView, OTHER_LINES, type PeersLook } from "./peers-view.ts";
import { type TrafficRate, TrafficRates } from "./traffic-rates.ts";

/** As the API has them: all peers, or so many of them. */
export const peersSchema = z.object({ total: z.int().nonnegative(), peers: z.array(peerRowSchema) });
/** Most that the API gives at once. */
export const MAX_PEERS = 10_000;

/** Key of the whole server among those of its peers, which are numbers and `uplink:…`. */
const SERVER = "server";
/** What only two looks tell. */
const RATES: Partial<Record<SortColumn, (rate: TrafficRate) => number>> = {
  up: (rate) => rate.receivedBytes,
  down: (rate) => rate.sentBytes,
  drops: (rate) => rate.drops,
};

export interface PeersWatchDeps {
  readonly clock: Clock;
  /** Finds the server, again and again: it may come back as another process. */
  readonly find: () => Promise<ControlClient>;
  readonly output: OperatorOutput;
  readonly screen: LiveScreen;
  readonly signal: AbortSignal;
}

export interface PeersWatchOptions {
  readonly network: string | undefined;
  readonly search: string | undefined;
  /** Undefined: who has most traffic first. */
  readonly sort: SortColumn | undefined;
  readonly intervalMs: number;
  readonly isJson: boolean;
}

/** `top` for peers: looks at intervals until the signal, also across a restart of the server. */
export class PeersWatch {
  readonly #deps: PeersWatchDeps;
  readonly #options: PeersWatchOptions;
  readonly #rates = new TrafficRates();
  #client: ControlClient | undefined;

  constructor(deps: PeersWatchDeps, options: PeersWatchOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Rejects when the signal is aborted, and with the first error that time does not heal, or that keeps us from beginning. */
  async run(): Promise<void> {
    const { screen, signal } = this.#deps;
    let look = await this.#look();
    screen.open();
    try {
      for (;;) {
        this.#show(look, undefined);
        await delay(this.#options.intervalMs, undefined, { signal });
        look = await this.#lookUntilSeen(look);
      }
    } finally {
      screen.close();
    }
  }

  /** What was seen last stays until there is something else to see. */
  async #lookUntilSeen(last: PeersLook): Promise<PeersLook> {
    for (;;) {
      try {
        return await this.#look();
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.#client = undefined;
        this.#show(last, `asking again: ${error.message}`);
        await delay(this.#options.intervalMs, undefined, { signal: this.#deps.signal });
      }
    }
  }

  async #look(): Promise<PeersLook> {
    this.#client ??= await this.#deps.find();
    const server = await this.#client.get("/server", serverInfoSchema);
    const { total, peers: rows } = await this.#client.get("/peers", peersSchema, this.#query());
    const all = rows.map((row) => [row.id, row.traffic] as const);
    this.#rates.look(server.instance, this.#deps.clock.nowMs(), [[SERVER, server.traffic], ...all]);
    const peers = rows.map((row) => ({ row, rate: this.#rates.of(row.id) }));
    return { server, rate: this.#rates.of(SERVER), total, peers: this.#sorted(peers) };
  }

  /** Only who is seen is asked for, where the server knows who that is. */
  #query(): Query {
    const { network, search, sort } = this.#options;
    if (sort === undefined || RATES[sort] !== undefined) return { network, search, limit: MAX_PEERS };
    const limit = Math.min(MAX_PEERS, Math.max(1, this.#deps.screen.height - OTHER_LINES));
    return { network, search, sort: SORT_COLUMNS[sort], order: orderOf(sort), limit };
  }

  #sorted(peers: readonly SeenPeer[]): readonly SeenPeer[] {
    const { sort } = this.#options;
    const rateOf = sort === undefined ? (rate: TrafficRate) => rate.receivedBytes + rate.sentBytes : RATES[sort];
    if (rateOf === undefined) return peers;
    const value = ({ rate }: SeenPeer): number => (rate === undefined ? 0 : rateOf(rate));
    return [...peers].sort((a, b) => value(b) - value(a));
  }

  #show(look: PeersLook, trouble: string | undefined): void {
    const { output, screen } = this.#deps;
    if (!this.#options.isJson) {
      const fit = { width: widthOf(output), height: screen.height, paint: paintFor(output.stdout) };
      screen.draw(formatPeersView(look, { ...fit, trouble }));
    } else if (trouble === undefined) output.stdout.write(`${formatJson(look)}\n`);
    else output.stderr.write(`${trouble}\n`);
  }
}
