/**
 * What a run cost: processor time, memory and system calls of a process (proc_pid_stat(5), proc_pid_status(5),
 * proc_pid_io(5)) and busy time of the whole machine (proc_stat(5)), because a VPN also makes the kernel work for it
 * outside its own process.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessUsage {
  /** User and system time since its start. */
  readonly cpuSeconds: number;
  /** Resident memory now (VmRSS). */
  readonly residentBytes: number;
  /** The most it ever was (VmHWM). */
  readonly peakResidentBytes: number;
  /** Calls of read(2), write(2) and their vector forms, also on sockets and TAPs; NaN where the kernel does not count them. */
  readonly ioCalls: number;
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

export function readProcessUsage(pid: number): ProcessUsage {
  return {
    cpuSeconds: parseProcessTicks(readFileSync(`/proc/${pid}/stat`, "utf8")) / ticksPerSecond,
    ...parseMemory(readFileSync(`/proc/${pid}/status`, "utf8")),
    ioCalls: readIoCalls(pid),
  };
}

/** Seconds all processors together have been busy since boot. */
export function readMachineBusySeconds(): number {
  return parseBusyTicks(readFileSync("/proc/stat", "utf8")) / ticksPerSecond;
}

/** Seconds of processors that were wanted here while a hypervisor gave them to others, of all together, since boot. */
export function readStolenSeconds(): number {
  return parseStolenTicks(readFileSync("/proc/stat", "utf8")) / ticksPerSecond;
}

/** utime + stime: the 14th and 15th field, counted behind the program's name, which may hold anything but the last `)`. */
export function parseProcessTicks(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(afterName[11]) + Number(afterName[12]);
}

export function parseMemory(status: string): Pick<ProcessUsage, "residentBytes" | "peakResidentBytes"> {
  const bytesOf = (field: string): number =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN);
  return { residentBytes: bytesOf("VmRSS"), peakResidentBytes: bytesOf("VmHWM") };
}

/** syscr + syscw of proc_pid_io(5). */
export function parseIoCalls(io: string): number {
  const callsOf = (field: string): number => Number(new RegExp(`^${field}: (\\d+)$`, "m").exec(io)?.[1] ?? Number.NaN);
  return callsOf("syscr") + callsOf("syscw");
}

function readIoCalls(pid: number): number {
  try {
    return parseIoCalls(readFileSync(`/proc/${pid}/io`, "utf8"));
  } catch {
    return Number.NaN; // CONFIG_TASK_IO_ACCOUNTING is off.
  }
}

/** user + nice + system + irq + softirq of the line `cpu`; idle, iowait and what a hypervisor stole are not ours. */
export function parseBusyTicks(stat: string): number {
  const [, user, nice, system, , , irq, softirq] = (stat.split("\n")[0] ?? "").split(/\s+/).map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? Number.NaN), 0);
}

/** The eighth figure of the line `cpu`. */
export function parseStolenTicks(stat: string): number {
  return Number((stat.split("\n")[0] ?? "").split(/\s+/)[8]);
}
