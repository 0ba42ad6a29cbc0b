import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { TokenRecord } from "../access/token.ts";
import type { CreatedToken, NewToken, TokenSelector, TokenStore } from "../access/token-store.ts";
import { TokenTable } from "../access/token-table.ts";
import type { Clock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import { withFileLock } from "./file-lock.ts";
import { replaceFile } from "./replace-file.ts";
import { formatTokenFile, parseTokenFile } from "./token-file-text.ts";

/** Its name in the state directory. */
export const TOKEN_FILE_NAME = "tokens.json";

export interface TokenFileDeps {
  readonly clock: Clock;
  /** Unix milliseconds. */
  readonly nowUnixMs: () => number;
}

/** `findById` looks at the file at most this often; it is asked for every peer. */
const LOOK_MS = 100;
/** Ten thousand tokens take half of it. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Tokens in one file that several processes work on: a server, and `vpn-ws token`. Each change is made to what the
 * file holds at that moment, under a lock, and written as a whole. A file that is not there is an empty one.
 *
 * A file that is damaged while we run is an error for who logs in and for each change, and is never overwritten; peers
 * that are connected are judged by what stood in it before.
 */
export class TokenFile implements TokenStore {
  readonly #deps: TokenFileDeps;
  readonly #path: string;
  #table = new TokenTable();
  /** Of the file that `#table` was read from; undefined: never read. */
  #signature: string | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** Reads the file. Throws a ConfigError if it is damaged, or cannot be read. */
  constructor(deps: TokenFileDeps, path: string) {
    this.#deps = deps;
    this.#path = path;
    this.#refresh();
  }

  find(hash: string): TokenRecord | undefined {
    this.#refresh();
    return this.#table.find(hash);
  }

  findById(id: string): TokenRecord | undefined {
    if (this.#deps.clock.nowMs() - this.#lookedMs >= LOOK_MS) {
      try {
        this.#refresh();
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }
    return this.#table.findById(id);
  }

  list(): readonly TokenRecord[] {
    this.#refresh();
    return this.#table.list();
  }

  use(id: string): Promise<boolean> {
    return this.#change((table, nowMs) => {
      const isTaken = table.use(id, nowMs);
      return { result: isTaken, isChanged: isTaken };
    });
  }

  create(token: NewToken): Promise<CreatedToken> {
    return this.#change((table, nowMs) => ({ result: table.create(token, nowMs), isChanged: true }));
  }

  revoke(which: TokenSelector): Promise<number> {
    return this.#change((table, nowMs) => {
      const count = table.revoke(which, nowMs);
      return { result: count, isChanged: count > 0 };
    });
  }

  #change<T>(change: (table: TokenTable, nowMs: number) => { result: T; isChanged: boolean }): Promise<T> {
    return withFileLock(this.#path, async () => {
      // A table of its own: what fails to be written must not be in force here.
      const table = new TokenTable(readTokens(this.#path).tokens);
      const { result, isChanged } = change(table, this.#deps.nowUnixMs());
      if (!isChanged) return result;
      await replaceFile(this.#path, formatTokenFile(table.list()), {
        mode: 0o600,
        owner: ownerOf(dirname(this.#path)),
      });
      this.#table = table;
      this.#signature = signatureAt(this.#path);
      return result;
    });
  }

  #refresh(): void {
    this.#lookedMs = this.#deps.clock.nowMs();
    if (this.#signature !== undefined && this.#signature === signatureAt(this.#path)) return;
    const { tokens, signature } = readTokens(this.#path);
    this.#table = new TokenTable(tokens);
    this.#signature = signature;
  }
}

const MISSING = "missing";

function readTokens(path: string): { readonly tokens: readonly TokenRecord[]; readonly signature: string } {
  let file: number | undefined;
  let text: string;
  let signature: string;
  try {
    file = openSync(path, "r");
    const stats = fstatSync(file, { bigint: true });
    if (stats.size > MAX_BYTES) throw new Error("it is too large");
    signature = signatureOf(stats);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return { tokens: [], signature: MISSING };
    throw new ConfigError("TOKENS_UNREADABLE", `cannot read ${path}: ${String(cause)}.`, {
      cause,
      hint: "It must belong to the user that the server runs as.",
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return { tokens: parseTokenFile(text, path), signature };
}

/** Also of a file that may not be looked at: reading it then says why. */
function signatureAt(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? MISSING : signatureOf(stats);
  } catch (error) {
    return String(error);
  }
}

function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** Root writes for the owner of the directory: a server that gave up root must still be able to read and write. */
function ownerOf(directory: string): { readonly uid: number; readonly gid: number } | undefined {
  return process.geteuid?.() === 0 ? statSync(directory) : undefined;
}
