/** What can be measured on a tunnel, each by its name: throughput of one TCP flow, small datagrams, idle latency. */
import { runIperf } from "../lab/iperf.ts";
import { percentile, runPing } from "../lab/ping.ts";
import { fractionBeside } from "./beside.ts";
import { type Cost, withCost } from "./cost.ts";
import { longestTurnMs } from "./listing.ts";
import type { Host, Tools, Tunnel } from "./tunnels/tunnel.ts";

export type MeasureName =
  | "up"
  | "down"
  | "relay"
  | "up-beside"
  | "relay-beside"
  | "datagrams"
  | "datagrams-relayed"
  | "ping"
  | "ping-relayed"
  | "sparse-ping"
  | "sparse-ping-relayed"
  | "listing";

/** How long things take; smaller with --quick. */
export interface Effort {
  readonly rounds: number;
  readonly flowSeconds: number;
  /** Of a flow before the first one each way, which does not count. */
  readonly warmUpSeconds: number;
  readonly datagramSeconds: number;
  readonly pings: number;
  /** Of a flow that has something going on beside it. */
  readonly windows: number;
}

export interface Sample {
  /** Mbit/s, datagrams per second, or milliseconds. */
  readonly value: number;
  /** For flows: processor seconds of the whole machine per gigabit delivered. */
  readonly cpuSecondsPerGigabit?: number;
  /** For flows: the same per program, and its memory. */
  readonly cost?: Cost;
  readonly gigabits?: number;
  /** Frames, super-frames counted once, that crossed the client's TAP, both ways. */
  readonly frames?: number;
}

/**
 * Between two pings. Within 2 ms, the least that ping grants anybody, the processor's caches keep what a frame's way needs;
 * within 10 ms the machine has had other things to do.
 */
export const PING_INTERVAL_MS = { ping: 2, "ping-relayed": 2, "sparse-ping": 10, "sparse-ping-relayed": 10 } as const;
export type PingName = keyof typeof PING_INTERVAL_MS;

type Measure = (tunnel: Tunnel, effort: Effort, tools: Tools) => Promise<Sample>;

export const MEASURES: Readonly<Record<MeasureName, Measure>> = {
  up: (tunnel, effort) => measureFlow(tunnel, tunnel.server, "up", effort),
  down: (tunnel, effort) => measureFlow(tunnel, tunnel.server, "down", effort),
  relay: (tunnel, effort) => measureFlow(tunnel, peerOf(tunnel), "up", effort),
  "up-beside": async (tunnel, { windows }) => ({ value: await fractionBeside(tunnel, tunnel.server, windows) }),
  "relay-beside": async (tunnel, { windows }) => ({ value: await fractionBeside(tunnel, peerOf(tunnel), windows) }),
  datagrams: (tunnel, effort, tools) => measureDatagrams(tunnel.client, tunnel.server, effort, tools),
  "datagrams-relayed": (tunnel, effort, tools) => measureDatagrams(tunnel.client, peerOf(tunnel), effort, tools),
  ping: (tunnel, effort) => measurePing(tunnel, tunnel.server, "ping", effort),
  "ping-relayed": (tunnel, effort) => measurePing(tunnel, peerOf(tunnel), "ping-relayed", effort),
  "sparse-ping": (tunnel, effort) => measurePing(tunnel, tunnel.server, "sparse-ping", effort),
  "sparse-ping-relayed": (tunnel, effort) => measurePing(tunnel, peerOf(tunnel), "sparse-ping-relayed", effort),
  listing: (tunnel) => measureListing(tunnel),
};

async function measureListing({ control, turns }: Tunnel): Promise<Sample> {
  if (control === undefined || turns === undefined) throw new Error("nobody looks at this server's event loop");
  return { value: await longestTurnMs(control, turns) };
}

function peerOf(tunnel: Tunnel): Host {
  if (tunnel.peer === undefined) throw new Error("this tunnel has no second client");
  return tunnel.peer;
}

async function measureFlow(tunnel: Tunnel, to: Host, direction: "up" | "down", effort: Effort): Promise<Sample> {
  await warmUp(tunnel, to, direction, effort.warmUpSeconds);
  const options = { address: to.address, direction, seconds: effort.flowSeconds };
  const framesBefore = await countFrames(tunnel);
  const [flow, cost] = await withCost(tunnel.processes, () => runIperf(tunnel.client.namespace, to.namespace, options));
  const gigabits = (flow.bytes * 8) / 1e9;
  return {
    value: flow.megabitsPerSecond,
    cpuSecondsPerGigabit: cost.machineCpuSeconds / gigabits,
    cost,
    gigabits,
    frames: (await countFrames(tunnel)) - framesBefore,
  };
}

/** What was warmed up: a tunnel, and the ways through it. */
const warm = new WeakMap<Tunnel, Set<string>>();

/**
 * A program that has just begun compiles its code, and finds its buffers' sizes, while it carries the first gigabytes. A VPN
 * is begun once and carries for weeks, and the floor has been running for long when it is measured.
 */
async function warmUp(tunnel: Tunnel, to: Host, direction: "up" | "down", seconds: number): Promise<void> {
  const ways = warm.get(tunnel) ?? new Set();
  warm.set(tunnel, ways);
  const way = `${direction} ${to.address}`;
  if (ways.has(way)) return;
  ways.add(way);
  await runIperf(tunnel.client.namespace, to.namespace, { address: to.address, direction, seconds });
}

async function countFrames({ client, device }: Tunnel): Promise<number> {
  return device === undefined ? Number.NaN : client.namespace.countFrames(device);
}

/**
 * Datagrams offered per second, one after the other. The most that arrives at any of them counts: a flood (0) would also
 * measure how much processor time the sender takes away from the tunnel, a low rate only itself.
 */
const OFFERED_PER_SECOND = [150_000, 300_000, 600_000, 1_000_000, 0];
const DATAGRAM_PORT = "9009";

async function measureDatagrams(from: Host, to: Host, effort: Effort, tools: Tools): Promise<Sample> {
  let best = 0;
  for (const offered of OFFERED_PER_SECOND) {
    best = Math.max(best, await deliveredPerSecond(from, to, effort.datagramSeconds, offered, tools.datagrams));
  }
  return { value: best };
}

async function deliveredPerSecond(
  from: Host,
  to: Host,
  seconds: number,
  offered: number,
  program: string,
): Promise<number> {
  const receiver = to.namespace.start([program, "receive", DATAGRAM_PORT]);
  try {
    const bound = async (): Promise<boolean> =>
      (await to.namespace.run(["ss", "-Hlun", `sport = :${DATAGRAM_PORT}`])).stdout !== "";
    await receiver.waitUntil("the receiver of datagrams", bound);
    await from.namespace.run([program, "send", to.address, DATAGRAM_PORT, String(seconds), String(offered)]);
    const { stdout } = await receiver.stop();
    return parseReceived(stdout, seconds);
  } finally {
    await receiver.stop();
  }
}

/** Reads `received COUNT seconds FIRST_TO_LAST`; a queue that drains after the sender's end must not shorten the time. */
export function parseReceived(output: string, seconds: number): number {
  const match = /received (\d+) seconds ([\d.]+)/.exec(output);
  if (match === null) throw new Error(`datagrams said: ${output}`);
  return Number(match[1]) / Math.max(Number(match[2]), seconds);
}

async function measurePing(tunnel: Tunnel, to: Host, name: PingName, effort: Effort): Promise<Sample> {
  for (const direction of ["up", "down"] as const) await warmUp(tunnel, to, direction, effort.warmUpSeconds);
  const { timesMs } = await runPing(tunnel.client.namespace, {
    address: to.address,
    count: effort.pings,
    intervalSeconds: PING_INTERVAL_MS[name] / 1_000,
  });
  if (timesMs.length < effort.pings / 2) throw new Error(`${timesMs.length} of ${effort.pings} pings were answered`);
  return { value: percentile(timesMs, 0.5) };
}
