import { createHash, randomBytes } from "node:crypto";
import type { Identity } from "../access/identity.ts";
import type { Clock } from "../base/clock.ts";

/** Browsers that are logged in at a time; one more, and the one that was not seen for longest is logged out. */
const MAX_SESSIONS = 256;
/** Of somebody who went away from his desk. */
const SESSION_IDLE_MS = 30 * 60_000;
/** And at the latest, whatever happens: a working day. */
export const DEFAULT_SESSION_MS = 8 * 3_600_000;
/** Random bytes of what a cookie or a ticket holds: 256 bit cannot be guessed. */
const SECRET_BYTES = 32;

/** Who is logged in: somebody whom the authenticators know, or who came by the unix socket. */
export type Login =
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "local"; readonly uid: number };

/** One login. */
export interface OperatorSession {
  readonly login: Login;
  /** By the clock; whatever happens. */
  readonly endsMs: number;
}

interface Kept extends OperatorSession {
  seenMs: number;
}

/** Browsers that are logged in, by the hash of what their cookies hold: who reads our memory cannot log in with it. */
export class OperatorSessions {
  readonly #clock: Clock;
  readonly #byHash = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a session, and gives the secret that its cookie holds. */
  begin(login: Login, lifeMs: number): string {
    this.#forgetOld();
    if (this.#byHash.size >= MAX_SESSIONS) this.#forgetLeastSeen();
    const secret = newSecret();
    const nowMs = this.#clock.nowMs();
    this.#byHash.set(hashOf(secret), { login, endsMs: nowMs + lifeMs, seenMs: nowMs });
    return secret;
  }

  /** The session of a cookie, which is used by that; undefined if there is none, or it is over. */
  find(secret: string): OperatorSession | undefined {
    const hash = hashOf(secret);
    const session = this.#byHash.get(hash);
    if (session === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    if (isOver(session, nowMs)) {
      this.#byHash.delete(hash);
      return undefined;
    }
    session.seenMs = nowMs;
    return session;
  }

  /** Idempotent. */
  end(secret: string): void {
    this.#byHash.delete(hashOf(secret));
  }

  #forgetOld(): void {
    const nowMs = this.#clock.nowMs();
    for (const [hash, session] of this.#byHash) if (isOver(session, nowMs)) this.#byHash.delete(hash);
  }

  #forgetLeastSeen(): void {
    const [least] = [...this.#byHash].sort(([, one], [, other]) => one.seenMs - other.seenMs);
    if (least !== undefined) this.#byHash.delete(least[0]);
  }
}

function isOver({ endsMs, seenMs }: Kept, nowMs: number): boolean {
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
