import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import type { ValueSource } from "../access/value-source.ts";
import type { Clock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";

export interface WatchedFileDeps {
  readonly clock: Clock;
  /** What is wrong with the file now: called once, until it is another fault. The last good content stays in force. */
  readonly onError: (error: unknown) => void;
}

export interface WatchedFileOptions<T> {
  readonly path: string;
  /** Throws if the content is no good, a ConfigError that names the path. */
  readonly parse: (bytes: Buffer) => T;
}

/**
 * Changes must be in force within a second. Looking is cheap, a few microseconds; notifications are lost when editors,
 * configuration management or a mounted volume put another file, or another directory, in the old one's place.
 */
const POLL_MS = 250;
/** No file of ours comes near it; bounds what a wrong path may cost. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A file may change again without its time changing, within one tick of the kernel's clock (at most 10 ms). */
const UNSETTLED_MS = 50;

/** A file whose parsed content is kept current. It must be good at the start; later, the last good content stays. */
export class WatchedFile<T> implements ValueSource<T> {
  readonly #deps: WatchedFileDeps;
  readonly #options: WatchedFileOptions<T>;
  readonly #listeners = new Set<(value: T) => void>();
  readonly #cancelPoll: () => void;
  #value: T;
  /** Tells whether the file is still the one that was read; undefined if that could not be told later. */
  #signature: string | undefined;
  /** Digest of the bytes that were read last, or why they could not be. */
  #seen: string;
  #isGood = true;

  /** Reads the file. Throws a ConfigError if that fails, and what `parse` throws. */
  constructor(deps: WatchedFileDeps, options: WatchedFileOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    const { bytes, signature } = read(options.path);
    this.#value = options.parse(bytes);
    this.#seen = digest(bytes);
    this.#signature = signature;
    this.#cancelPoll = deps.clock.every(POLL_MS, () => this.#poll());
  }

  current(): T {
    return this.#value;
  }

  /** Calls with each new value; the returned function ends that. */
  onChange(call: (value: T) => void): () => void {
    this.#listeners.add(call);
    return () => void this.#listeners.delete(call);
  }

  /** Reads the file now, whatever its times say; tells of a fault again if it is still there. */
  reload(): void {
    if (!this.#isGood) this.#seen = "";
    this.#load();
  }

  close(): void {
    this.#cancelPoll();
    this.#listeners.clear();
  }

  #poll(): void {
    if (this.#signature === undefined || this.#signature !== signatureAt(this.#options.path)) this.#load();
  }

  #load(): void {
    const before = this.#seen;
    try {
      const { bytes, signature } = read(this.#options.path);
      this.#signature = signature;
      this.#seen = digest(bytes);
      if (this.#seen === before) return;
      this.#value = this.#options.parse(bytes);
    } catch (error) {
      if (error instanceof UnreadableError) {
        this.#signature = signatureAt(this.#options.path);
        this.#seen = error.message;
      }
      this.#isGood = false;
      if (this.#seen !== before) this.#deps.onError(error);
      return;
    }
    this.#isGood = true;
    for (const call of [...this.#listeners]) call(this.#value);
  }
}

class UnreadableError extends ConfigError {}

function read(path: string): { readonly bytes: Buffer; readonly signature: string | undefined } {
  let file: number | undefined;
  try {
    // A FIFO would keep the process waiting for its writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) throw new Error("it is not a file");
    if (stats.size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    const bytes = readFileSync(file);
    const isSettled = Math.abs(Date.now() - Number(stats.ctimeMs)) > UNSETTLED_MS;
    return { bytes, signature: isSettled ? signatureOf(stats) : undefined };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^\w+: /, "").replace(/, \w+( .*)?$/, "") : cause;
    throw new UnreadableError("FILE_UNREADABLE", `cannot read ${path}: ${reason}.`, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Also of a file that is not there, or may not be looked at. */
function signatureAt(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? "missing" : signatureOf(stats);
  } catch (error) {
    return String(error);
  }
}

function signatureOf({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mode, mtimeNs, ctimeNs].join(" ");
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
