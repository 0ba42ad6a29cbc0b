/**
 * Throughput by iperf3: one server process per run, so that nothing of a run is left for the next, and its JSON made
 * into the few figures that matter. "up" is from the one who asks to the other, "down" (-R) is back.
 */
import type { Namespace } from "./namespace.ts";

const PORT = 5201;

export interface IperfOptions {
  /** Address of the other side as seen through what is measured. */
  readonly address: string;
  readonly direction: "up" | "down";
  readonly seconds: number;
  /** Parallel TCP flows; default 1. */
  readonly flows?: number;
  /** Send UDP at this rate instead of TCP. */
  readonly udpBitsPerSecond?: number;
  /** Largest TCP segment to send (iperf3 -M), in bytes. */
  readonly maxSegmentBytes?: number;
  /** Seconds at the start that do not count. */
  readonly omitSeconds?: number;
}

export interface Throughput {
  readonly megabitsPerSecond: number;
  /** Bytes that arrived. */
  readonly bytes: number;
  readonly seconds: number;
  /** TCP only; 0 for UDP. */
  readonly retransmits: number;
  /** UDP only, 0 to 1; 0 for TCP. */
  readonly lostFraction: number;
}

/** Runs iperf3 from `from` against `to`. */
export async function runIperf(from: Namespace, to: Namespace, options: IperfOptions): Promise<Throughput> {
  const server = to.start(["iperf3", "-s", "-1", "-p", String(PORT)]);
  try {
    await to.waitForTcpPort(PORT);
    const client = await from.run(iperfCommand(options), { allowFailure: true });
    if (client.stdout === "") throw new Error(`iperf3 to ${options.address} said nothing: ${client.stderr}`);
    return parseIperf(client.stdout);
  } finally {
    await server.stop();
  }
}

function iperfCommand(options: IperfOptions): string[] {
  const command = ["iperf3", "-J", "-c", options.address, "-p", String(PORT), "-t", String(options.seconds)];
  command.push("--connect-timeout", "5000");
  if (options.direction === "down") command.push("-R");
  if (options.flows !== undefined) command.push("-P", String(options.flows));
  if (options.udpBitsPerSecond !== undefined) command.push("-u", "-b", String(options.udpBitsPerSecond));
  if (options.maxSegmentBytes !== undefined) command.push("-M", String(options.maxSegmentBytes));
  if (options.omitSeconds !== undefined) command.push("-O", String(options.omitSeconds));
  return command;
}

interface IperfSum {
  readonly bits_per_second: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly retransmits?: number;
  readonly lost_percent?: number;
}

interface IperfReport {
  readonly error?: string;
  readonly end?: { readonly sum_received?: IperfSum; readonly sum_sent?: IperfSum; readonly sum?: IperfSum };
}

/** The figures of `iperf3 -J`: for TCP what the receiver got, for UDP what was sent less what was lost. */
export function parseIperf(json: string): Throughput {
  const report = JSON.parse(json) as IperfReport;
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
  const { sum, sum_sent: sent, sum_received: received } = report.end ?? {};
  const lostFraction = (sum?.lost_percent ?? 0) / 100;
  const counted = received ?? sum;
  if (counted === undefined) throw new Error("iperf3 reported no sum");
  const share = received === undefined ? 1 - lostFraction : 1;
  return {
    megabitsPerSecond: (counted.bits_per_second * share) / 1e6,
    bytes: counted.bytes * share,
    seconds: counted.seconds,
    retransmits: sent?.retransmits ?? 0,
    lostFraction,
  };
}
