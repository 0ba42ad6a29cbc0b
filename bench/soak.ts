/**
 * Memory over time: one flow at full speed through client and server, their resident memory read each second, and the
 * judgement whether it is flat once the pools have filled.
 */
import { setTimeout as delay } from "node:timers/promises";
import { runIperf } from "../lab/iperf.ts";
import { Lab } from "../lab/namespace.ts";
import { readProcessUsage } from "../lab/usage.ts";
import { PATHS } from "./rows.ts";
import { type Trend, trendOf } from "./statistics.ts";
import type { Tools, TunnelProcess } from "./tunnels/tunnel.ts";

export interface SoakResult {
  readonly seconds: number;
  readonly gigabytes: number;
  readonly programs: readonly SoakProgram[];
}

interface SoakProgram {
  readonly role: string;
  /** Resident bytes, one value per second, the warm-up left out. */
  readonly residentBytes: readonly number[];
  readonly trend: Trend;
}

/** Buffers and the heap of Node find their size within this share of the run. */
const WARM_UP_SHARE = 0.1;

/** Garbage collection makes the resident size of a Node process wander by this much. */
const TOLERANCE_BYTES = 8e6;

export async function runSoak(seconds: number, tools: Tools): Promise<SoakResult> {
  const lab = await Lab.open();
  try {
    const tunnel = await PATHS.ws.build(lab, tools);
    const ended = new AbortController();
    const sampling = sampleMemory(tunnel.processes, ended.signal);
    const { client, server } = tunnel;
    const options = { address: server.address, direction: "up", seconds } as const;
    const flow = await runIperf(client.namespace, server.namespace, options).finally(() => ended.abort());
    const memory = await sampling;
    const programs = [...memory].map(([role, values]) => {
      const residentBytes = values.slice(Math.ceil(values.length * WARM_UP_SHARE));
      return { role, residentBytes, trend: trendOf(residentBytes, TOLERANCE_BYTES) };
    });
    return { seconds, gigabytes: flow.bytes / 1e9, programs };
  } finally {
    await lab.close();
  }
}

async function sampleMemory(
  processes: readonly TunnelProcess[],
  ended: AbortSignal,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const samples = new Map(processes.map(({ role }) => [role, [] as number[]]));
  while (!ended.aborted) {
    for (const { role, pid } of processes) samples.get(role)?.push(readProcessUsage(pid).residentBytes);
    await delay(1_000, undefined, { signal: ended }).catch(() => {});
  }
  return samples;
}

export function formatSoak({ seconds, gigabytes, programs }: SoakResult): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const lines = programs.map(({ role, trend }) => {
    const growth = `${megabytes(trend.first)} MB in the first quarter, ${megabytes(trend.last)} MB in the last`;
    return `  ${role}: ${growth}, slope ${megabytes(trend.slope * 60)} MB/min: ${trend.flat ? "flat" : "GROWS"}`;
  });
  return [`soak: ${gigabytes.toFixed(1)} GB in ${seconds} s, resident memory`, ...lines].join("\n");
}
