/**
 * A lock across processes: a symbolic link beside the file, whose target names its owner. Making one is atomic and
 * fails if there is one, as with O_EXCL, but there is no moment in which it is there and does not say whose it is.
 */
import { readFileSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigError } from "../base/errors.ts";

/** Who has it holds it for milliseconds, for the time of one write to a disk. */
const POLLS = 500;
const POLL_MS = 10;

/**
 * Runs `work` while no other process, and nobody else here, holds the lock of this file. Rejects with a ConfigError
 * `LOCK_HELD` if it did not come free in `polls` looks, ten milliseconds apart.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, polls = POLLS): Promise<T> {
  const lock = `${path}.lock`;
  await acquire(path, lock, polls);
  try {
    return await work();
  } finally {
    // Somebody may have removed it by hand, and then it may be another's by now.
    if (ownerOf(lock) === describeProcess(process.pid)) unlinkSync(lock);
  }
}

async function acquire(path: string, lock: string, polls: number): Promise<void> {
  let looks = 0;
  while (!makeLink(lock)) {
    const owner = ownerOf(lock);
    if (owner === undefined || (isGone(owner) && breakLock(lock, owner))) continue;
    if (looks++ >= polls) throw held(path, lock, owner);
    // Not the clock's timer, which would let a command end here: nothing else keeps its process alive.
    await delay(POLL_MS);
  }
}

/**
 * Removes the lock of an owner who is gone. Two who find it at once must not remove each other's next one, so this has
 * a lock of its own, under which the owner is looked at again: one who is gone makes no other lock. False if somebody
 * else is at it.
 */
function breakLock(lock: string, owner: string): boolean {
  const breaker = `${lock}.break`;
  if (!makeLink(breaker)) return false;
  try {
    if (ownerOf(lock) === owner) unlinkSync(lock);
    return true;
  } finally {
    unlinkSync(breaker);
  }
}

/** False if there is one. */
function makeLink(lock: string): boolean {
  try {
    symlinkSync(describeProcess(process.pid), lock);
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw new ConfigError("LOCK_FAILED", `cannot make ${lock}: ${codeOf(cause)}.`, {
      cause,
      hint: "Run this as root, or as the user to whom the directory belongs.",
    });
  }
}

/** Undefined if there is no lock any more. */
function ownerOf(lock: string): string | undefined {
  try {
    return readlinkSync(lock);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    // Some file that is none of ours: it stays, and is waited for in vain.
    return "unknown";
  }
}

/** `pid:start:namespace`. A process number is used again, but not with the same start (clock ticks since the boot). */
function describeProcess(pid: number): string {
  return `${pid}:${startOf(pid)}:${ownNamespace()}`;
}

/** Of an owner in another container, or whose process nobody may look at, it is not known: then they are there. */
function isGone(owner: string): boolean {
  const [, pid, start, namespace] = /^(\d+):(\d*):(.*)$/.exec(owner) ?? [];
  if (pid === undefined || namespace !== ownNamespace()) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
  const startNow = startOf(Number(pid));
  return start !== "" && startNow !== "" && start !== startNow;
}

/** Field 22 of /proc/pid/stat; the name in field 2 may hold blanks and parentheses. Empty if it cannot be read. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Process numbers mean something within one namespace only. */
function ownNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function held(path: string, lock: string, owner: string): ConfigError {
  const pid = owner.split(":")[0] ?? "";
  return new ConfigError("LOCK_HELD", `${path} is locked by process ${pid}.`, {
    hint: `If no vpn-ws works on it: rm -f ${lock} ${lock}.break`,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
