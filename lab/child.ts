/**
 * A child process of the lab: the leader of its own process group, so that ending it ends whatever it started, with its
 * output kept (bounded) for assertions and error messages. Children are ended by their own process id, never by name.
 *
 *   running ──exit──► ended        stop(): SIGTERM, after a grace SIGKILL, both to the group
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type WaitOptions, waitFor } from "./wait.ts";

/** Output beyond this many characters loses its beginning. */
const MAX_OUTPUT_CHARACTERS = 4 << 20;

const ENDED = Symbol("ended");

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Opens a channel to a Node child: what it sends comes here, `Child.send` goes there, both as structured clones. */
  readonly onMessage?: (message: unknown) => void;
}

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; `null` when a signal ended it or it could not be started. */
  readonly status: number | null;
}

export class Child {
  readonly command: string;
  /** Resolves when the process has ended and its output is complete; never rejects. */
  readonly ended: Promise<Finished>;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #running = true;

  constructor(argv: readonly string[], options: ChildOptions = {}) {
    const [program = "", ...rest] = argv;
    this.command = argv.join(" ");
    this.#process = spawn(program, rest, {
      stdio: ["ignore", "pipe", "pipe", ...(options.onMessage === undefined ? [] : (["ipc"] as const))],
      serialization: "advanced",
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.environment },
    }) as ChildProcessByStdio<null, Readable, Readable>;
    if (options.onMessage !== undefined) this.#process.on("message", options.onMessage);
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-MAX_OUTPUT_CHARACTERS);
    });
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_OUTPUT_CHARACTERS);
    });
    this.ended = new Promise((resolve) => {
      const finish = (status: number | null): void => {
        this.#running = false;
        resolve({ stdout: this.#stdout, stderr: this.#stderr, status });
      };
      this.#process.once("close", finish);
      this.#process.once("error", (error) => {
        this.#stderr += `${error.message}\n`;
        finish(null);
      });
    });
  }

  /** Process id; 0 when the program could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** To a child with `onMessage`; what cannot be delivered any more is forgotten. */
  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Waits for a condition while the child lives; its early end is an error that shows its output. */
  async waitUntil<T>(
    what: string,
    condition: () => T | Promise<T>,
    options: WaitOptions = {},
  ): Promise<NonNullable<T>> {
    const value = await waitFor<T | typeof ENDED>(
      what,
      async () => (await condition()) || (this.#running ? (undefined as T) : ENDED),
      { evidence: () => this.describe(), ...options },
    );
    if (value === ENDED) throw new Error(`while waiting for ${what}:\n${this.describe()}`);
    return value;
  }

  /** Signals the whole process group; a group that is gone already is fine. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid === 0) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // ESRCH: it ended by itself.
    }
  }

  /** Ends the group in order, by force after `graceMs`; idempotent. */
  async stop(graceMs = 3_000): Promise<Finished> {
    if (this.#running) {
      this.kill("SIGTERM");
      const patience = new AbortController();
      const forced = delay(graceMs, undefined, { signal: patience.signal })
        .then(() => this.kill("SIGKILL"))
        .catch(() => {});
      await this.ended;
      patience.abort();
      await forced;
    }
    return this.ended;
  }

  /** The command with the end of its output, for error messages. */
  describe(): string {
    const state = this.#running ? "running" : `ended with status ${this.#process.exitCode}`;
    return `$ ${this.command}  (${state})\n${this.#stdout.slice(-2_000)}${this.#stderr.slice(-4_000)}`;
  }
}

/** Runs a command to its end; a status other than 0 is an error with its output, unless `allowFailure`. */
export async function run(
  argv: readonly string[],
  options: ChildOptions & { readonly allowFailure?: boolean } = {},
): Promise<Finished> {
  const child = new Child(argv, options);
  const finished = await child.ended;
  if (finished.status !== 0 && options.allowFailure !== true) throw new Error(`failed: ${child.describe()}`);
  return finished;
}
