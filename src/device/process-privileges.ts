/**
 * What the threads of this process may do beyond an ordinary user's (capabilities(7), prctl(2)), read and given up.
 * Each function that the kernel refuses throws a `SystemFault`; what that means is decided by the caller.
 */
import { readdirSync, readFileSync } from "node:fs";
import { loadAddon } from "./addon.ts";

/** A set of capabilities: bit n is capability n of linux/capability.h. */
export type CapabilitySet = bigint;

export const Capability = {
  /** Needed to shrink the bounding set and to set securebits. */
  setpcap: 1n << 8n,
  /** Needed to make a TAP, and to set addresses. */
  netAdmin: 1n << 12n,
} as const;

/** What /proc/PID/task/TID/status says of one thread. */
export interface ThreadPrivileges {
  readonly thread: number;
  readonly permitted: CapabilitySet;
  readonly effective: CapabilitySet;
  readonly inheritable: CapabilitySet;
  readonly ambient: CapabilitySet;
  /** What a program that is executed could gain at most. */
  readonly bounding: CapabilitySet;
  /** Nothing is gained by executing a program, whatever its file says. */
  readonly noNewPrivileges: boolean;
}

/** Linux's numbers (linux/prctl.h). */
const PR_CAPBSET_DROP = 24;
const PR_SET_SECUREBITS = 28;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

/**
 * linux/securebits.h: uid 0 is no reason to get capabilities (NOROOT), a change of uid none to gain or lose them
 * (NO_SETUID_FIXUP), ambient ones cannot be raised; these three and KEEP_CAPS, which stays off, are locked.
 */
const SECUREBITS = 0b1110_1111;

const CAPABILITY_BITS = 64;

/** Every thread's privileges, the main thread's first. */
export function readThreadPrivileges(): readonly ThreadPrivileges[] {
  return readdirSync("/proc/self/task").flatMap((thread) => {
    const status = readStatus(thread);
    return status === undefined ? [] : [parseStatus(Number(thread), status)];
  });
}

/** Undefined if the thread has ended. */
function readStatus(thread: string): string | undefined {
  try {
    return readFileSync(`/proc/self/task/${thread}/status`, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

function parseStatus(thread: number, status: string): ThreadPrivileges {
  const field = (name: string): string => {
    const match = new RegExp(`^${name}:\\t([0-9a-f]+)$`, "m").exec(status);
    if (match === null) throw new Error(`/proc/self/task/${thread}/status has no ${name}`);
    return match[1] as string;
  };
  const set = (name: string): CapabilitySet => BigInt(`0x${field(name)}`);
  return {
    thread,
    permitted: set("CapPrm"),
    effective: set("CapEff"),
    inheritable: set("CapInh"),
    ambient: set("CapAmb"),
    bounding: set("CapBnd"),
    noNewPrivileges: field("NoNewPrivs") === "1",
  };
}

/**
 * Closes the ways by which capabilities come back, in every thread: the bounding set is emptied, uid 0 means nothing
 * any more. Those that are held stay, also over a change of the uid. Needs `Capability.setpcap`.
 */
export function lockCapabilities(bounding: CapabilitySet): void {
  const drops: number[] = [];
  for (let bit = 0; bit < CAPABILITY_BITS; bit++) if (((bounding >> BigInt(bit)) & 1n) === 1n) drops.push(bit);
  const { prctlThreads } = loadAddon();
  if (drops.length > 0) prctlThreads(Uint32Array.from(drops.flatMap((bit) => [PR_CAPBSET_DROP, bit])));
  prctlThreads(Uint32Array.of(PR_SET_SECUREBITS, SECUREBITS));
}

/** Leaves every thread these capabilities, which it must have, and no way to new privileges. Needs no right. */
export function keepOnlyCapabilities(keep: CapabilitySet): void {
  const { prctlThreads, capsetThreads } = loadAddon();
  prctlThreads(Uint32Array.of(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_SET_NO_NEW_PRIVS, 1));
  capsetThreads(Number(keep & 0xffff_ffffn), Number(keep >> 32n));
}

/**
 * No core file, which would hold keys and passwords, and no look inside for other programs of the same user: ptrace and
 * /proc/PID/mem are closed to them. Our own threads still read /proc/self.
 */
export function hideMemory(): void {
  const { setCoreBytes, setDumpable } = loadAddon();
  setCoreBytes(0);
  setDumpable(false);
}
