import { ConfigError } from "../base/errors.ts";
import {
  Capability,
  type CapabilitySet,
  hideMemory,
  keepOnlyCapabilities,
  lockCapabilities,
  readThreadPrivileges,
  type ThreadPrivileges,
} from "../device/process-privileges.ts";
import { findGroup, findUser } from "./accounts.ts";

export interface PrivilegeOptions {
  /** A user or group name, or a number. */
  readonly uid: string | undefined;
  readonly gid: string | undefined;
  /** Keeps CAP_NET_ADMIN if it is there: for a client, which may have to set addresses later. */
  readonly keepNetAdmin?: boolean;
}

/** Who the process is to be from now on; an undefined uid stays. */
interface Ids {
  readonly uid: number | undefined;
  readonly gid: number;
}

/**
 * Gives up, for good and in every thread, what is needed to make a TAP and nothing else:
 *
 *     no way back (bounding set, securebits) ─► groups, gid, uid ─► capabilities, no new privileges ─► no look inside
 *
 * and then looks whether it is so. Without `uid` the user stays, root too, but without a capability: such a root reads
 * its own files, and no longer those of others. Who has no privilege has none to give up, and goes on.
 *
 * Threads and programs that are started later have no more than we. Throws a ConfigError if the kernel refuses.
 */
export function dropPrivileges({ uid, gid, keepNetAdmin = false }: PrivilegeOptions): void {
  const ids = findIds(uid, gid);
  const tried = `cannot change to --uid ${uid ?? "-"} --gid ${gid ?? "-"}`;
  const [before] = attempt("cannot read our own privileges", readThreadPrivileges);
  if (before === undefined) throw new ConfigError("PRIVILEGES_REFUSED", "/proc shows no thread of ours.");
  const keep = keepNetAdmin ? before.permitted & Capability.netAdmin : 0n;
  // A container may have taken this right from its root. No new privileges then has to do alone, and does.
  const mayLock = (before.effective & Capability.setpcap) !== 0n;
  if (mayLock) attempt("cannot give up capabilities", () => lockCapabilities(before.bounding));
  if (ids !== undefined) attempt(tried, () => changeIds(ids), "Only root may: start as root, or leave them away.");
  attempt("cannot give up capabilities", () => keepOnlyCapabilities(keep));
  attempt("cannot forbid core files", hideMemory);
  refuseDebugger();
  checkIds(ids);
  for (const thread of readThreadPrivileges()) checkThread(thread, keep, mayLock);
}

/** With a user and no group, the user's own group is taken (the original would keep root's). */
function findIds(uid: string | undefined, gid: string | undefined): Ids | undefined {
  if (uid === undefined && gid === undefined) return undefined;
  const user = uid === undefined ? undefined : findUser(uid, "--uid");
  const group = gid === undefined ? user?.gid : findGroup(gid, "--gid");
  if (group === undefined) {
    throw new ConfigError("GROUP_MISSING", `user ${uid} has no group in /etc/passwd: give --gid as well.`);
  }
  if (user?.uid === 0) throw new ConfigError("PRIVILEGES_ROOT", "--uid is root: that drops nothing.");
  if (group === 0) throw new ConfigError("PRIVILEGES_ROOT", "--gid is root's group: that drops nothing.");
  return { uid: user?.uid, gid: group };
}

/** Supplementary groups first, the user last: each step needs the right that the next one gives up. */
function changeIds({ uid, gid }: Ids): void {
  const { setgroups, setgid, setuid } = process;
  if (setgroups === undefined || setgid === undefined || setuid === undefined) {
    throw new Error("this system knows no users");
  }
  setgroups([]);
  setgid(gid);
  if (uid !== undefined) setuid(uid);
}

function checkIds(ids: Ids | undefined): void {
  if (ids?.uid === undefined || (process.getuid?.() === ids.uid && process.geteuid?.() === ids.uid)) return;
  throw new ConfigError("PRIVILEGES_REFUSED", "the kernel let us keep our user although --uid was given.");
}

/**
 * Node opens its debugger on SIGUSR1, for every local user to connect to; a listener of ours takes the signal instead.
 * Who wants to debug says `--inspect` at the start.
 */
function refuseDebugger(): void {
  if (process.listenerCount("SIGUSR1") === 0) process.on("SIGUSR1", () => {});
}

/** The kernel's own word for each thread: a thread that was forgotten must not go unnoticed. */
function checkThread(thread: ThreadPrivileges, keep: CapabilitySet, isLocked: boolean): void {
  const held = thread.permitted | thread.effective | thread.inheritable | thread.ambient;
  const isTight = (held & ~keep) === 0n && thread.noNewPrivileges && (!isLocked || thread.bounding === 0n);
  if (isTight) return;
  const message = `thread ${thread.thread} kept privileges: ${held.toString(16)}, bounding ${thread.bounding.toString(16)}.`;
  throw new ConfigError("PRIVILEGES_REFUSED", message);
}

/** Runs a step; that the kernel refuses it ends the start. */
function attempt<T>(tried: string, step: () => T, hint?: string): T {
  try {
    return step();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const options = hint === undefined ? { cause } : { cause, hint };
    throw new ConfigError("PRIVILEGES_REFUSED", `${tried}: ${reason}.`, options);
  }
}
