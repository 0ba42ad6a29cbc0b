import type { Clock } from "../base/clock.ts";
import { RecentMap } from "../base/recent-map.ts";
import { keyedDigest } from "./keyed-digest.ts";

export interface VerifiedPasswordsOptions {
  readonly maxEntries: number;
  /** Milliseconds from the check. */
  readonly keepMs: number;
}

export const VERIFIED_PASSWORDS_DEFAULTS: VerifiedPasswordsOptions = Object.freeze({
  // As many as there are peers at most.
  maxEntries: 4096,
  // Long enough for clients that come back after a restart of the web server in front, or of their line.
  keepMs: 300_000,
});

/**
 * Passwords that were found good a few minutes ago, so that a herd of clients that come back at once does not queue
 * for bcrypt. Only digests are kept. The hash is a part of them: a changed password is another entry.
 */
export class VerifiedPasswords {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #verifiedMs: RecentMap<number>;

  constructor(clock: Clock, options: VerifiedPasswordsOptions = VERIFIED_PASSWORDS_DEFAULTS) {
    this.#clock = clock;
    this.#keepMs = options.keepMs;
    this.#verifiedMs = new RecentMap(options.maxEntries);
  }

  add(user: string, hash: string, password: string): void {
    this.#verifiedMs.set(keyedDigest(user, hash, password), this.#clock.nowMs());
  }

  has(user: string, hash: string, password: string): boolean {
    const verifiedMs = this.#verifiedMs.get(keyedDigest(user, hash, password));
    return verifiedMs !== undefined && this.#clock.nowMs() - verifiedMs < this.#keepMs;
  }
}
