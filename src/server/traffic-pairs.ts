import type { Clock } from "../base/clock.ts";
import type { PairList, TrafficPair } from "../control/model.ts";
import { PairTable } from "../switch/pair-table.ts";
import type { Network } from "./network.ts";
import { idAt } from "./peer-row.ts";

/** For how long after somebody looked it is measured who talks to whom: every view looks more often than that. */
const LOOKING_MS = 60_000;

/** Who talks to whom in the networks of a server. Costs nothing while nobody looks. */
export class TrafficPairs {
  readonly #clock: Clock;
  readonly #tables = new Map<Network, PairTable>();
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What passed since somebody began to look; asking is looking. */
  look(networks: readonly Network[]): PairList {
    this.#untilMs = this.#clock.nowMs() + LOOKING_MS;
    for (const network of networks) this.#watch(network);
    const uncounted = networks.map((network) => this.#tables.get(network)?.uncountedFrames ?? 0);
    return {
      pairs: networks.flatMap((network) => this.#pairsOf(network)),
      uncountedFrames: uncounted.reduce((sum, frames) => sum + frames, 0),
    };
  }

  /** Stops measuring when nobody looks any more; call it about every second. */
  tick(): void {
    if (this.#tables.size === 0 || this.#clock.nowMs() < this.#untilMs) return;
    for (const network of this.#tables.keys()) network.switch.pairs = undefined;
    this.#tables.clear();
  }

  #watch(network: Network): void {
    if (this.#tables.has(network)) return;
    const table = new PairTable();
    this.#tables.set(network, table);
    network.switch.pairs = table;
  }

  #pairsOf(network: Network): TrafficPair[] {
    const pairs: TrafficPair[] = [];
    for (const { from, to, frames, bytes } of this.#tables.get(network)?.entries() ?? []) {
      const ingress = network.switch.portAt(from);
      const egress = network.switch.portAt(to);
      if (ingress === undefined || egress === undefined) continue;
      pairs.push({
        network: network.definition.name,
        from: idAt(network, ingress),
        to: idAt(network, egress),
        frames,
        bytes,
      });
    }
    return pairs;
  }
}
