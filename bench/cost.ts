/**
 * What a measurement cost while it ran: busy processor time of the machine and of each program that carries frames, and
 * their memory before, at its highest during, and after.
 */
import { type ProcessUsage, readMachineBusySeconds, readProcessUsage } from "../lab/usage.ts";
import type { TunnelProcess } from "./tunnels/tunnel.ts";

const MEMORY_SAMPLE_MS = 200;

export interface ProcessCost {
  readonly role: string;
  readonly cpuSeconds: number;
  /** Calls of read and write, on TAP and sockets alike. */
  readonly ioCalls: number;
  readonly memoryBytes: { readonly before: number; readonly during: number; readonly after: number };
}

export interface Cost {
  readonly machineCpuSeconds: number;
  readonly processes: readonly ProcessCost[];
}

/** Does the work and tells what it gave and what it cost. */
export async function withCost<T>(processes: readonly TunnelProcess[], work: () => Promise<T>): Promise<[T, Cost]> {
  const meters = processes.map((process) => new Meter(process));
  const busyBefore = readMachineBusySeconds();
  const timer = setInterval(() => {
    for (const meter of meters) meter.sample();
  }, MEMORY_SAMPLE_MS);
  try {
    const result = await work();
    const machineCpuSeconds = readMachineBusySeconds() - busyBefore;
    return [result, { machineCpuSeconds, processes: meters.map((meter) => meter.finish()) }];
  } finally {
    clearInterval(timer);
  }
}

class Meter {
  readonly #process: TunnelProcess;
  readonly #before: ProcessUsage;
  #bytesDuring: number;

  constructor(process: TunnelProcess) {
    this.#process = process;
    this.#before = readProcessUsage(process.pid);
    this.#bytesDuring = this.#before.residentBytes;
  }

  sample(): void {
    this.#bytesDuring = Math.max(this.#bytesDuring, readProcessUsage(this.#process.pid).residentBytes);
  }

  finish(): ProcessCost {
    const after = readProcessUsage(this.#process.pid);
    const before = this.#before;
    return {
      role: this.#process.role,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      ioCalls: after.ioCalls - before.ioCalls,
      memoryBytes: { before: before.residentBytes, during: this.#bytesDuring, after: after.residentBytes },
    };
  }
}
