import { readdir, readFile } from "node:fs/promises";

/** Of this process, beyond what the model shows; undefined is "the system does not say". */
export interface ProcessReading {
  /** Unix time. */
  readonly startedSeconds: number;
  /** Of all threads, in user and kernel mode. */
  readonly cpuSeconds: number;
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
}

/** Reads /proc beside the event loop. */
export async function readProcess(): Promise<ProcessReading> {
  const [openFds, maxFds] = await Promise.all([countOpenFds(), readMaxFds()]);
  const { user, system } = process.cpuUsage();
  return { startedSeconds: performance.timeOrigin / 1_000, cpuSeconds: (user + system) / 1e6, openFds, maxFds };
}

async function countOpenFds(): Promise<number | undefined> {
  const names = await readdir("/proc/self/fd").catch(() => undefined);
  // One of them is the folder's own.
  return names === undefined ? undefined : names.length - 1;
}

async function readMaxFds(): Promise<number | undefined> {
  const text = await readFile("/proc/self/limits", "latin1").catch(() => "");
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
