import { createHash, randomBytes } from "node:crypto";
import type { KeptSession, Login, SessionStore } from "../access/session-store.ts";
import type { Clock } from "../base/clock.ts";

/** Browsers that are logged in at a time; one more, and the one that was not seen for longest is logged out. */
const MAX_SESSIONS = 256;
/** Of somebody who went away from his desk; while the server is away, too. */
const SESSION_IDLE_MS = 30 * 60_000;
/** And at the latest, whatever happens: a working day. */
export const DEFAULT_SESSION_MS = 8 * 3_600_000;
/** Who was seen is kept this often: a killed server forgets no more of it. */
const KEEP_SEEN_MS = 60_000;
/** Random bytes of what a cookie or a ticket holds: 256 bit cannot be guessed. */
const SECRET_BYTES = 32;

/** One login. */
export interface OperatorSession {
  /** An identity is sealed with the cookie's secret. */
  readonly login: Login;
  /** By the clock; whatever happens. */
  readonly endsMs: number;
}

export interface OperatorSessionsDeps {
  readonly clock: Clock;
  /** Unix milliseconds. */
  readonly nowUnixMs: () => number;
  readonly store: SessionStore;
}

interface SeenSession extends OperatorSession {
  seenMs: number;
}

/**
 * Browsers that are logged in, by the hash of what their cookies hold: who reads our memory, or what is kept for the
 * next start, cannot log in with it.
 */
export class OperatorSessions {
  readonly #deps: OperatorSessionsDeps;
  readonly #byHash = new Map<string, SeenSession>();
  #keptMs: number;

  /** With those of the process before, which was away for as long as the wall clock says. */
  constructor(deps: OperatorSessionsDeps) {
    this.#deps = deps;
    this.#keptMs = deps.clock.nowMs();
    for (const session of deps.store.load().slice(0, MAX_SESSIONS)) this.#restore(session);
  }

  /** Begins the session of a cookie. Resolves when it is kept. */
  begin(secret: string, login: Login, lifeMs: number): Promise<void> {
    this.#forgetOld();
    if (this.#byHash.size >= MAX_SESSIONS) this.#forgetLeastSeen();
    const nowMs = this.#deps.clock.nowMs();
    this.#byHash.set(hashOf(secret), { login, endsMs: nowMs + lifeMs, seenMs: nowMs });
    return this.#keep();
  }

  /** The session of a cookie, which is used by that; undefined if there is none, or it is over. */
  find(secret: string): OperatorSession | undefined {
    const session = this.#byHash.get(hashOf(secret));
    if (session === undefined) return undefined;
    const nowMs = this.#deps.clock.nowMs();
    if (isOver(session, nowMs)) {
      void this.end(secret);
      return undefined;
    }
    session.seenMs = nowMs;
    if (nowMs - this.#keptMs >= KEEP_SEEN_MS) void this.#keep();
    return session;
  }

  /** Idempotent. Resolves when it is kept that there is none. */
  async end(secret: string): Promise<void> {
    if (this.#byHash.delete(hashOf(secret))) await this.#keep();
  }

  /** Resolves when all is kept for the next start. */
  async close(): Promise<void> {
    this.#forgetOld();
    if (this.#byHash.size > 0) await this.#keep();
  }

  #keep(): Promise<void> {
    const { clock, nowUnixMs, store } = this.#deps;
    this.#keptMs = clock.nowMs();
    const unixMs = (ms: number): number => Math.floor(nowUnixMs() + ms - this.#keptMs);
    const sessions = [...this.#byHash].map(([hash, { login, endsMs, seenMs }]) => {
      return { hash, login, endsMs: unixMs(endsMs), seenMs: unixMs(seenMs) };
    });
    return store.keep(sessions);
  }

  #restore({ hash, login, endsMs, seenMs }: KeptSession): void {
    const { clock, nowUnixMs } = this.#deps;
    const nowMs = clock.nowMs();
    const aheadMs = nowUnixMs() - nowMs;
    const session = { login, endsMs: endsMs - aheadMs, seenMs: seenMs - aheadMs };
    // Seen in the future: the wall clock was put back, and nobody knows for how long we were away.
    if (session.seenMs <= nowMs && !isOver(session, nowMs)) this.#byHash.set(hash, session);
  }

  #forgetOld(): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const [hash, session] of this.#byHash) if (isOver(session, nowMs)) this.#byHash.delete(hash);
  }

  #forgetLeastSeen(): void {
    const [least] = [...this.#byHash].sort(([, one], [, other]) => one.seenMs - other.seenMs);
    if (least !== undefined) this.#byHash.delete(least[0]);
  }
}

function isOver({ endsMs, seenMs }: SeenSession, nowMs: number): boolean {
  return nowMs >= endsMs || nowMs - seenMs >= SESSION_IDLE_MS;
}

/** A secret that nobody guesses, as text for a cookie or a URL. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** What stands for a secret in a table; the secret is random, so no salt is needed. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("base64url");
}
