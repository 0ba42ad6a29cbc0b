import type { Worker } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import { FloodLog } from "../base/flood-log.ts";
import type { Logger } from "../base/logger.ts";
import { addressKey, UNKNOWN_ADDRESS } from "./address-key.ts";
import type { PasswordJob } from "./password-worker.ts";

/** `unavailable`: too many wait, it took too long, or the thread failed. */
export type PasswordVerdict = "match" | "mismatch" | "unavailable";

export interface PasswordCheckerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly startWorker: () => Worker;
}

export interface PasswordCheckerOptions {
  /** Checks that may wait behind the one that runs. */
  readonly maxWaiting: number;
  /** As many of them may be of one address, if it is known. */
  readonly maxWaitingPerAddress: number;
  /** Milliseconds that a check waits at most, and that one runs at most. */
  readonly waitMs: number;
  readonly runMs: number;
}

export const PASSWORD_CHECKER_DEFAULTS: PasswordCheckerOptions = Object.freeze({
  maxWaiting: 64,
  // Two seconds' worth. One stranger with many requests at once cannot take the others' places.
  maxWaitingPerAddress: 8,
  // With a check that takes as long as it may, within what all authenticators together have.
  waitMs: 4000,
  // bcrypt of the highest cost takes two to three seconds; a thread that is busy for longer is stuck.
  runMs: 8000,
});

interface Check extends PasswordJob {
  readonly from: string;
  readonly settle: (verdict: PasswordVerdict) => void;
  /** Of the time it may wait, then of the time it may run. */
  cancelTimer: () => void;
}

/**
 * Checks passwords in one thread of its own, one after the other: bcrypt in JavaScript takes a quarter of a second,
 * and the main thread forwards frames.
 *
 *     verify() ─► waiting ─► running ─► match | mismatch
 *                    └──────────┴──late, failed, closed──► unavailable
 *
 * The thread starts with the first check and keeps the process alive only while one runs.
 */
export class PasswordChecker {
  readonly #deps: PasswordCheckerDeps;
  readonly #options: PasswordCheckerOptions;
  /** Everybody's checks have the one thread: its failures are one source. */
  readonly #log: Logger;
  readonly #waiting: Check[] = [];
  #running: Check | undefined;
  #worker: Worker | undefined;
  #isClosed = false;

  constructor(deps: PasswordCheckerDeps, options: PasswordCheckerOptions = PASSWORD_CHECKER_DEFAULTS) {
    this.#deps = deps;
    this.#log = new FloodLog(deps.clock, deps.log).about("");
    this.#options = options;
  }

  /** Never rejects. The hash has no fault; the address is the client's, empty if nobody knows it. */
  verify(hash: string, password: string, address: string): Promise<PasswordVerdict> {
    const from = addressKey(address);
    if (this.#isClosed || this.#isFull(from)) return Promise.resolve("unavailable");
    return new Promise((settle) => {
      const check: Check = { hash, password, from, settle, cancelTimer: () => {} };
      check.cancelTimer = this.#deps.clock.after(this.#options.waitMs, () => this.#giveUp(check));
      this.#waiting.push(check);
      this.#next();
    });
  }

  /** Ends the thread; what is under way is unavailable. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const check of this.#waiting.splice(0)) finish(check, "unavailable");
    await this.#endWorker();
  }

  #isFull(from: string): boolean {
    const { maxWaiting, maxWaitingPerAddress } = this.#options;
    if (this.#waiting.length >= maxWaiting) return true;
    if (from === UNKNOWN_ADDRESS) return false;
    return this.#waiting.filter((check) => check.from === from).length >= maxWaitingPerAddress;
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const check = this.#waiting.shift();
    if (check === undefined) return;
    check.cancelTimer();
    check.cancelTimer = this.#deps.clock.after(this.#options.runMs, () => {
      this.#log.error("passwords.stuck", "a password check took too long; its thread is started anew");
      void this.#endWorker();
    });
    this.#running = check;
    const job: PasswordJob = { hash: check.hash, password: check.password };
    this.#worker ??= this.#startWorker();
    this.#worker.ref();
    this.#worker.postMessage(job);
  }

  #startWorker(): Worker {
    const worker = this.#deps.startWorker();
    worker.on("message", (isGood: boolean) => {
      if (worker === this.#worker) this.#settleRunning(isGood ? "match" : "mismatch");
    });
    worker.on("error", ({ name }: Error) => {
      // Its message may hold what it worked on.
      this.#log.error("passwords.failed", `the thread that checks passwords failed: ${name}`, { error: name });
    });
    worker.on("exit", () => {
      if (worker === this.#worker) void this.#endWorker();
    });
    return worker;
  }

  #settleRunning(verdict: PasswordVerdict): void {
    const check = this.#running;
    this.#running = undefined;
    this.#worker?.unref();
    if (check !== undefined) finish(check, verdict);
    this.#next();
  }

  /** What runs is unavailable; the next check starts another thread. */
  async #endWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#settleRunning("unavailable");
    await worker?.terminate();
  }

  #giveUp(check: Check): void {
    this.#waiting.splice(this.#waiting.indexOf(check), 1);
    finish(check, "unavailable");
  }
}

function finish(check: Check, verdict: PasswordVerdict): void {
  check.cancelTimer();
  check.settle(verdict);
}
