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
  return parsePing(stdout, options.count);
}

/**
 * Reads the output of iputils ping: the replies to the first `count` requests, and the summary. With a deadline ping goes
 * on asking until it has `count` replies: on a busy machine it then sends more than it was told, and all may be answered.
 */
export function parsePing(output: string, count: number): PingResult {
  const replies = [...output.matchAll(/ icmp_seq=(\d+) .*time[=<]([\d.]+) ms/g)].map(
    ([, sequence, time]) => [Number(sequence), Number(time)] as const,
  );
  const asked = replies.filter(([sequence]) => sequence <= count);
  const sent = Number(/(\d+) packets transmitted/.exec(output)?.[1] ?? 0);
  const received = new Set(asked.map(([sequence]) => sequence)).size;
  return { sent: Math.min(sent, count), received, timesMs: asked.map(([, time]) => time) };
}

/** The value below which this share (0 to 1) of the values lies, by nearest rank; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
