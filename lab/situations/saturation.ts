/** A call beside a transfer: ping while one and eight TCP flows fill a narrow path, each direction. */
import { setTimeout as delay } from "node:timers/promises";
import { runIperf, startFlood } from "../iperf.ts";
import { buildNetwork, type Network, type Site } from "../network.ts";
import type { Path } from "../path/path.ts";
import { PROFILES } from "../path/profiles.ts";
import { type PingResult, percentile, runPing } from "../ping.ts";
import { atLeast, atMost, type Measured, noted, type Situation } from "./situation.ts";

/** Until the flows have found their rate. */
const WARM_UP_MS = 4_000;
const PING_INTERVAL_SECONDS = 0.02;
const P95_BOUND_MS = 30;
const P99_BOUND_MS = 60;
const USE_BOUND_PERCENT = 90;

export const saturation: Situation = {
  name: "saturation",
  title: "ping beside TCP (cubic) on 20 Mbit/s, 40 ms, 100 ms of queue",
  async measure({ lab, quick }) {
    const network = await buildNetwork(lab, { clients: 1, path: "narrow" });
    const [client] = network.clients as [Site];
    // Once through: the flow before is in nobody's way, and both ends have compiled what they run.
    await runIperf(client.namespace, network.server.namespace, {
      address: network.server.ipv4,
      direction: "up",
      seconds: 2,
    });
    const idle = await ping(network, client, 200);
    const idleMs = percentile(timesOf(idle), 0.5);
    const measured: Measured[] = [noted("idle, median", idleMs, "ms")];
    for (const direction of ["up", "down"] as const)
      for (const flows of [1, 8])
        measured.push(...(await measureBeside(network, client, { direction, flows, quick, idleMs })));
    return measured;
  },
};

interface Load {
  readonly direction: "up" | "down";
  readonly flows: number;
  readonly quick: boolean;
  readonly idleMs: number;
}

async function measureBeside(
  network: Network,
  client: Site,
  { direction, flows, quick, idleMs }: Load,
): Promise<readonly Measured[]> {
  const { server, paths } = network;
  const [path] = paths as readonly [Path];
  const pings = quick ? 250 : 600;
  const seconds = Math.ceil(WARM_UP_MS / 1_000 + pings * PING_INTERVAL_SECONDS + 4);
  // The one that most systems have, and that fills queues; the default here may be another.
  const options = { address: server.ipv4, direction, seconds, flows, congestion: "cubic" } as const;
  const flood = await startFlood(client.namespace, server.namespace, options);
  await delay(WARM_UP_MS);
  const use = await UseOfPath.start(path, direction);
  const times = timesOf(await ping(network, client, pings));
  const usedPercent = await use.percent();
  await flood.stop();
  const title = `${flows} ${flows === 1 ? "flow" : "flows"} ${direction}`;
  return [
    atMost(`${title}: p95`, percentile(times, 0.95), idleMs + P95_BOUND_MS, "ms"),
    atMost(`${title}: p99`, percentile(times, 0.99), idleMs + P99_BOUND_MS, "ms"),
    atLeast(`${title}: link used`, usedPercent, USE_BOUND_PERCENT, "%"),
  ];
}

function ping({ server }: Network, client: Site, count: number): Promise<PingResult> {
  return runPing(client.namespace, { address: server.ipv4, count, intervalSeconds: PING_INTERVAL_SECONDS });
}

/** A ping without a reply counts as one that took for ever. */
function timesOf({ sent, timesMs }: PingResult): readonly number[] {
  return [...timesMs, ...Array<number>(Math.max(0, sent - timesMs.length)).fill(Number.POSITIVE_INFINITY)];
}

/** How much of what the narrow path could carry it did carry, by its own count. */
class UseOfPath {
  readonly #path: Path;
  readonly #direction: "up" | "down";
  readonly #startMs: number;
  readonly #startBytes: number;

  private constructor(path: Path, direction: "up" | "down", startBytes: number) {
    this.#path = path;
    this.#direction = direction;
    this.#startMs = performance.now();
    this.#startBytes = startBytes;
  }

  static async start(path: Path, direction: "up" | "down"): Promise<UseOfPath> {
    return new UseOfPath(path, direction, (await path.counters())[direction].passedBytes);
  }

  async percent(): Promise<number> {
    const bytes = (await this.#path.counters())[this.#direction].passedBytes - this.#startBytes;
    const seconds = (performance.now() - this.#startMs) / 1_000;
    return (100 * 8 * bytes) / seconds / PROFILES.narrow.bitsPerSecond;
  }
}
