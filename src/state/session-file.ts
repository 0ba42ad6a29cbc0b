import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, type Stats } from "node:fs";
import { rm } from "node:fs/promises";
import { z } from "zod";
import type { KeptSession, SessionStore } from "../access/session-store.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { replaceFile } from "./replace-file.ts";
import type { StateDirectory } from "./state-directory.ts";

const FILE_NAME = "sessions.json";
/** As many logins as there may be, whose tokens name as many groups as a header has room for. */
const MAX_BYTES = 4 * 1024 * 1024;
/** As many as can be logged in. */
const MAX_KEPT = 256;
/** Everybody but the owner. */
const OTHERS = 0o077;

const time = z.int().min(0);
const identity = z.strictObject({
  user: z.string().min(1),
  groups: z.array(z.string()),
  // Who else is known shows that with each request, and never logs in.
  method: z.enum(["htpasswd", "token", "jwt"]),
  expiresMs: time.optional(),
  credentialId: z.string().min(1),
});
const login = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("identity"), identity }),
  z.strictObject({ kind: z.literal("local"), uid: z.int().min(0) }),
]);
const session = z.strictObject({
  hash: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  login,
  endsMs: time,
  seenMs: time,
});
const file = z.strictObject({ version: z.literal(1), sessions: z.array(session).max(MAX_KEPT) });

/**
 * The logins of one server's operators, in a file of its state directory. Nobody is let in by a file that is damaged or
 * that others can write: it is removed. Nor by one that is older than a change that could not be written.
 */
export class SessionFile implements SessionStore {
  readonly #log: Logger;
  readonly #path: string;
  #next: readonly KeptSession[] | undefined;
  #writing: Promise<void> | undefined;
  #isFailing = false;

  constructor(log: Logger, directory: StateDirectory) {
    this.#log = log;
    this.#path = directory.file(FILE_NAME);
  }

  load(): readonly KeptSession[] {
    try {
      const text = readOwn(this.#path);
      return text === undefined ? [] : parseSessions(text);
    } catch (error) {
      const text = `operators have to log in again: ${this.#path}: ${describeError(error)}`;
      this.#log.warn("control.sessions-refused", text, { path: this.#path });
      this.#removeNow();
      return [];
    }
  }

  keep(sessions: readonly KeptSession[]): Promise<void> {
    this.#next = sessions;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** What is asked for while one is written is written next; of several, the last. */
  async #writeAll(): Promise<void> {
    while (this.#next !== undefined) {
      const text = formatSessions(this.#next);
      this.#next = undefined;
      await this.#write(text);
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    try {
      await replaceFile(this.#path, text, { mode: 0o600, owner: undefined });
      this.#isFailing = false;
    } catch (error) {
      this.#tellUnkept(error);
      // Who has logged out since must not be in again after a restart.
      await rm(this.#path, { force: true }).catch(() => {});
    }
  }

  #removeNow(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // Then it is refused again, and replaced when the first login is kept.
    }
  }

  /** Once, until it works again. */
  #tellUnkept(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const text = `logins of operators end with this process: ${this.#path}: ${describeError(error)}`;
    this.#log.warn("control.sessions-unkept", text, { path: this.#path });
  }
}

/** Undefined if it is not there. Throws for what is not ours alone. */
function readOwn(path: string): string | undefined {
  let opened: number;
  try {
    // A pipe in its place must not hold up the start.
    opened = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    checkOwn(fstatSync(opened));
    return readFileSync(opened, "utf8");
  } finally {
    closeSync(opened);
  }
}

function checkOwn(stats: Stats): void {
  if (!stats.isFile()) throw new Error("it is no file");
  if ((stats.mode & OTHERS) !== 0) throw new Error("others may read or write it");
  if (stats.size > MAX_BYTES) throw new Error("it is too large");
}

/** Throws an Error that says nothing of the text. */
function parseSessions(text: string): readonly KeptSession[] {
  const parsed = file.safeParse(parseJson(text));
  if (!parsed.success) throw new Error("it is not what this version has written");
  return parsed.data.sessions.map(({ login, ...rest }) => {
    if (login.kind === "local") return { ...rest, login };
    const { expiresMs, ...known } = login.identity;
    // Credentials for one network are no operator's.
    return { ...rest, login: { kind: "identity", identity: { ...known, expiresMs, network: undefined } } };
  });
}

function formatSessions(sessions: readonly KeptSession[]): string {
  return `${JSON.stringify({ version: 1, sessions }, undefined, 2)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
