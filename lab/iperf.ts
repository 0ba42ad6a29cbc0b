/**
 * Throughput by iperf3: one server process per run, so that nothing of a run is left for the next, and its JSON made
 * into the few figures that matter. "up" is from the one who asks to the other, "down" (-R) is back.
 */
import type { Namespace } from "./namespace.ts";

/** iperf3's own default. */
const DEFAULT_PORT = 5201;

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
  /** Congestion control of the sender's TCP; default the system's. */
  readonly congestion?: string;
  /** For several runs at a time. */
  readonly port?: number;
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
  return parseIperf(await runForJson(from, to, options));
}

/** The same, for the bytes of each flow in each second. */
export async function runIperfBySecond(
  from: Namespace,
  to: Namespace,
  options: IperfOptions,
): Promise<readonly (readonly number[])[]> {
  return parseFlows(await runForJson(from, to, options));
}

/** Starts UDP or TCP that nobody measures; it goes on until its time is over or the lab is closed, whatever happens. */
export async function startFlood(from: Namespace, to: Namespace, options: IperfOptions): Promise<Flood> {
  const listening = to.start(["iperf3", "-s", "-1", "-p", String(options.port ?? DEFAULT_PORT)]);
  await to.waitForTcpPort(options.port ?? DEFAULT_PORT);
  const sending = from.start(iperfCommand(options));
  const stop = async (): Promise<void> => {
    await Promise.all([sending.stop(500), listening.stop(500)]);
  };
  return { ended: sending.ended, stop };
}

export interface Flood {
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

async function runForJson(from: Namespace, to: Namespace, options: IperfOptions): Promise<string> {
  const port = options.port ?? DEFAULT_PORT;
  const server = to.start(["iperf3", "-s", "-1", "-p", String(port)]);
  try {
    await to.waitForTcpPort(port);
    const client = await from.run(iperfCommand(options), { allowFailure: true });
    if (client.stdout === "") throw new Error(`iperf3 to ${options.address} said nothing: ${client.stderr}`);
    return client.stdout;
  } finally {
    await server.stop();
  }
}

function iperfCommand(options: IperfOptions): string[] {
  const port = String(options.port ?? DEFAULT_PORT);
  const command = ["iperf3", "-J", "-c", options.address, "-p", port, "-t", String(options.seconds)];
  command.push("--connect-timeout", "5000");
  if (options.direction === "down") command.push("-R");
  if (options.flows !== undefined) command.push("-P", String(options.flows));
  if (options.udpBitsPerSecond !== undefined) command.push("-u", "-b", String(options.udpBitsPerSecond));
  if (options.maxSegmentBytes !== undefined) command.push("-M", String(options.maxSegmentBytes));
  if (options.omitSeconds !== undefined) command.push("-O", String(options.omitSeconds));
  if (options.congestion !== undefined) command.push("-C", options.congestion);
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
  readonly intervals?: readonly { readonly streams: readonly { readonly bytes: number }[] }[];
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

/** Bytes of each flow in each second of `iperf3 -J`, as the side that asked saw them. */
export function parseFlows(json: string): readonly (readonly number[])[] {
  const { error, intervals = [] } = JSON.parse(json) as IperfReport;
  if (error !== undefined) throw new Error(`iperf3: ${error}`);
  const flows = intervals[0]?.streams.length ?? 0;
  return Array.from({ length: flows }, (_, flow) => intervals.map(({ streams }) => streams[flow]?.bytes ?? 0));
}
