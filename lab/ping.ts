/** Latency by ping(8): every reply's time is kept, so that medians and percentiles can be had and not only the mean. */
import type { Namespace } from "./namespace.ts";

export interface PingOptions {
  readonly address: string;
  readonly count: number;
  /** Seconds between two requests; below 0.002 needs root. Default 0.01. */
  readonly intervalSeconds?: number;
  /** ICMP payload; default 56. */
  readonly payloadBytes?: number;
  /** Seconds after which it ends, answered or not; default: what the requests take, and 2 more. */
  readonly deadlineSeconds?: number;
  /** Forbids fragmentation (IPv4), to see that a packet of this size passes whole. */
  readonly dontFragment?: boolean;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Round-trip time of every reply in the order of arrival. */
  readonly timesMs: readonly number[];
}

/** Pings from a namespace; no reply at all is a result and not an error. */
export async function runPing(from: Namespace, options: PingOptions): Promise<PingResult> {
  const interval = options.intervalSeconds ?? 0.01;
  const deadline = options.deadlineSeconds ?? Math.ceil(options.count * interval) + 2;
  const command = ["ping", "-n", "-i", String(interval), "-c", String(options.count), "-w", String(deadline)];
  if (options.payloadBytes !== undefined) command.push("-s", String(options.payloadBytes));
  if (options.dontFragment === true) command.push("-M", "do");
  const { stdout } = await from.run([...command, options.address], { allowFailure: true });
  return parsePing(stdout);
}

/** Reads the output of iputils ping: the lines with `time=` and the summary. */
export function parsePing(output: string): PingResult {
  const timesMs = [...output.matchAll(/ time[=<]([\d.]+) ms/g)].map((match) => Number(match[1]));
  const summary = /(\d+) packets transmitted, (\d+) received/.exec(output);
  return { sent: Number(summary?.[1] ?? 0), received: Number(summary?.[2] ?? timesMs.length), timesMs };
}

/** The value below which this share (0 to 1) of the values lies, by nearest rank; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
