/** 100 Mbit/s of UDP into a peer with 20: what it costs the server, and who notices. */
import { setTimeout as delay } from "node:timers/promises";
import { runIperf, startFlood } from "../iperf.ts";
import { buildNetwork, type Network, type Site } from "../network.ts";
import { percentile } from "../ping.ts";
import { PingWatch } from "../ping-watch.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { pinNeighbours } from "./neighbours.ts";
import { atLeast, atMost, noted, type Situation } from "./situation.ts";

const FLOOD_BITS_PER_SECOND = 100e6;
const MEMORY_BOUND_MEGABYTES = 16;
const RECOVERY_BOUND_SECONDS = 5;
const NEIGHBOUR_BOUND_PERCENT = 95;
/** A ping is as it was when it takes no more than this longer. */
const RECOVERED_MS = 30;
const OTHER_PORT = 5301;

export const udpFlood: Situation = {
  name: "udp-flood",
  title: "100 Mbit/s of UDP into a peer with 20 Mbit/s",
  async measure({ lab, quick }) {
    const network = await buildNetwork(lab, { path: "narrow" });
    await pinNeighbours(network);
    const [flooded, neighbour] = network.clients as [Site, Site];
    const { namespace, vpn } = network.server;
    await warmUp(network);
    const alone = await downloadRate(network, neighbour, 8);
    const memory = new MemoryWatch(vpn.child.pid);
    const watch = new PingWatch(namespace, flooded.ipv4, 0.02);
    await delay(3_000);
    const idleMs = percentile(
      watch.replies().map(({ rttMs }) => rttMs),
      0.5,
    );
    const seconds = quick ? 15 : 60;
    const options = {
      address: flooded.ipv4,
      direction: "up",
      seconds,
      udpBitsPerSecond: FLOOD_BITS_PER_SECOND,
    } as const;
    const flood = await startFlood(namespace, flooded.namespace, { ...options, port: OTHER_PORT });
    const overMs = Date.now() + 1_000 * seconds;
    await delay(1_000);
    const beside = await downloadRate(network, neighbour, seconds - 5);
    // iperf3 ends later, when the other side has answered it.
    await delay(Math.max(0, overMs - Date.now()));
    const recovery = await recoverySeconds(watch, overMs, idleMs + RECOVERED_MS);
    const peak = memory.peakGrowth;
    await flood.stop();
    await delay(5_000);
    memory.stop();
    return [
      atMost("server memory, the most it grew", peak, MEMORY_BOUND_MEGABYTES, "MB"),
      noted("server memory, 5 s after", memory.growth, "MB"),
      atMost("the peer's ping back to normal", recovery, RECOVERY_BOUND_SECONDS, "s"),
      atLeast("a second peer's rate, of its own", (100 * beside) / alone, NEIGHBOUR_BOUND_PERCENT, "%"),
    ];
  },
};

/** So that the server has compiled what it runs and its pools are filled: memory that it takes once and keeps. */
async function warmUp(network: Network): Promise<void> {
  for (const client of network.clients) await downloadRate(network, client, 3);
}

async function downloadRate({ server }: Network, client: Site, seconds: number): Promise<number> {
  const options = { address: server.ipv4, direction: "down", seconds, omitSeconds: 2 } as const;
  return (await runIperf(client.namespace, server.namespace, options)).megabitsPerSecond;
}

/** From `sinceMs` until a request is sent whose reply is back in time. */
async function recoverySeconds(watch: PingWatch, sinceMs: number, withinMs: number): Promise<number> {
  for (let atMs = sinceMs; atMs < sinceMs + 30_000; ) {
    const reply = await watch.firstAfter(atMs, 30_000);
    const sentMs = reply.atMs - reply.rttMs;
    if (reply.rttMs <= withinMs) return Math.max(0, sentMs - sinceMs) / 1_000;
    atMs = sentMs;
  }
  return Number.POSITIVE_INFINITY;
}
