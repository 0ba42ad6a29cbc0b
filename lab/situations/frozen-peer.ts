/** A client that is stopped (SIGSTOP) while frames for it keep coming: when is it closed, what does it cost, who notices? */
import { setTimeout as delay } from "node:timers/promises";
import { runIperf, startFlood } from "../iperf.ts";
import { buildNetwork, type Network, type Site } from "../network.ts";
import { percentile, runPing } from "../ping.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { pinNeighbours } from "./neighbours.ts";
import { atLeast, atMost, type Situation } from "./situation.ts";

const CLOSED_BOUND_SECONDS = 30;

/** 4 MiB of queue and the store that they lie in, which has room for large frames too; measured: 15 to 17. */
const MEMORY_BOUND_MEGABYTES = 24;
const NEIGHBOUR_BOUND_PERCENT = 95;
const NEIGHBOUR_PING_BOUND_MS = 30;
const PATIENCE_SECONDS = 60;
const FLOOD_PORT = 5301;
const FLOOD_BITS_PER_SECOND = 50e6;

export const frozenPeer: Situation = {
  name: "frozen-peer",
  title: "a client stopped by SIGSTOP, frames for it go on",
  async measure({ lab }) {
    const network = await buildNetwork(lab, { path: "narrow" });
    await pinNeighbours(network);
    const [frozen, neighbour] = network.clients as [Site, Site];
    const { server } = network;
    await downloadRate(network, frozen, 3);
    const alone = await downloadRate(network, neighbour, 8);
    const idleMs = await medianPing(network, neighbour);
    const memory = new MemoryWatch(server.vpn.child.pid);
    const options = { address: frozen.ipv4, direction: "up", seconds: PATIENCE_SECONDS + 10 } as const;
    const flood = { ...options, udpBitsPerSecond: FLOOD_BITS_PER_SECOND, port: FLOOD_PORT };
    const flooding = await startFlood(server.namespace, frozen.namespace, flood);
    await delay(2_000);
    frozen.vpn.child.kill("SIGSTOP");
    const sinceMs = performance.now();
    const closed = closedAfter(server, sinceMs);
    const beside = await downloadRate(network, neighbour, 10);
    const pingMs = await medianPing(network, neighbour);
    const closedSeconds = await closed;
    memory.stop();
    frozen.vpn.child.kill("SIGCONT");
    await flooding.stop();
    return [
      atMost("closed after", closedSeconds, CLOSED_BOUND_SECONDS, "s"),
      atMost("server memory, the most it grew", memory.peakGrowth, MEMORY_BOUND_MEGABYTES, "MB"),
      atLeast("a second peer's rate, of its own", (100 * beside) / alone, NEIGHBOUR_BOUND_PERCENT, "%"),
      atMost("a second peer's ping, median", pingMs, idleMs + NEIGHBOUR_PING_BOUND_MS, "ms"),
    ];
  },
};

/** Seconds until the server says that the connection has gone; `Infinity` if it does not. */
async function closedAfter({ vpn }: Site, sinceMs: number): Promise<number> {
  try {
    await vpn.waitForEvent("peer.connection-lost", 1, { timeoutMs: 1_000 * PATIENCE_SECONDS });
    return (performance.now() - sinceMs) / 1_000;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

async function downloadRate({ server }: Network, client: Site, seconds: number): Promise<number> {
  const options = { address: server.ipv4, direction: "down", seconds, omitSeconds: 2 } as const;
  return (await runIperf(client.namespace, server.namespace, options)).megabitsPerSecond;
}

async function medianPing({ server }: Network, client: Site): Promise<number> {
  const { timesMs } = await runPing(client.namespace, { address: server.ipv4, count: 100, intervalSeconds: 0.02 });
  return percentile(timesMs, 0.5);
}
