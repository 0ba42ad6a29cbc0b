import type { Clock } from "../base/clock.ts";
import { RecentMap } from "../base/recent-map.ts";
import { addressKey, UNKNOWN_ADDRESS } from "./address-key.ts";

/** All are complete; the defaults are below, with their reasons. */
export interface GuessLimiterOptions {
  /** Failures that an address may have at once. */
  readonly addressFailures: number;
  /** The same for all requests together of which nobody knows the address. */
  readonly unknownAddressFailures: number;
  /** One failure is forgiven after this long, of an address and of those without one. */
  readonly forgiveAfterMs: number;
  readonly unknownForgiveAfterMs: number;
  /** A user's failures are forgotten when this long passed without another one. */
  readonly userWindowMs: number;
  /** Delay of an answer by the user's failures so far; the last is for all beyond. */
  readonly delaysMs: readonly number[];
  /** Bounds of the tables, in entries, and of the answers that are delayed at a time. */
  readonly maxAddresses: number;
  readonly maxUsers: number;
  readonly maxHomes: number;
  readonly maxDelayed: number;
}

export const GUESS_LIMITER_DEFAULTS: GuessLimiterOptions = Object.freeze({
  // A person mistypes a few times; a household or an office behind one address has several of them.
  addressFailures: 10,
  // Everyone behind a unix socket whose web server names no address shares this one.
  unknownAddressFailures: 1000,
  // 2880 guesses a day from one address.
  forgiveAfterMs: 30_000,
  unknownForgiveAfterMs: 300,
  userWindowMs: 600_000,
  // Never more: whoever has the right password gets in, whatever strangers do.
  delaysMs: Object.freeze([0, 500, 1000, 2000, 4000]),
  maxAddresses: 65_536,
  maxUsers: 16_384,
  maxHomes: 16_384,
  maxDelayed: 512,
});

interface Budget {
  /** Failures that are left; below zero by those that were under way when it ran out. */
  left: number;
  atMs: number;
}

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/** So many failures below zero at most: an hour and a half until an address may try again. */
const MAX_DEBT = 180;

/**
 * Slows guessing without letting a stranger lock a user out.
 *
 * Addresses (IPv6 by /64) have a budget of failures; without one they are blocked
 * before anything is computed for them. A user is never blocked: after failures the answers to further attempts come
 * later, good ones too (else who guesses would stop waiting early), but not from an address that the user has logged
 * in from: a home.
 *
 * Full tables forget their oldest entries, and that does not pay for an attacker. To have one blocked address
 * forgotten takes a failure from each of 65,536 others, and each of those has its own ten guesses; to have a user's
 * delay forgotten takes 16,384 failures under other names, and their budget. Only a success writes to the homes, so
 * strangers cannot make the table forget them. Answers beyond the most that are delayed at a time come at once: the
 * budgets and the one password worker still bound the guesses.
 */
export class GuessLimiter {
  readonly #clock: Clock;
  readonly #options: GuessLimiterOptions;
  readonly #budgets: RecentMap<Budget>;
  readonly #failures: RecentMap<Failures>;
  readonly #homes: RecentMap<true>;
  #delayed = 0;

  constructor(clock: Clock, options: GuessLimiterOptions = GUESS_LIMITER_DEFAULTS) {
    this.#clock = clock;
    this.#options = options;
    this.#budgets = new RecentMap(options.maxAddresses);
    this.#failures = new RecentMap(options.maxUsers);
    this.#homes = new RecentMap(options.maxHomes);
  }

  /** Asked before credentials are looked at. */
  before(address: string): { readonly state: "go" } | { readonly state: "blocked"; readonly retryAfterMs: number } {
    const key = addressKey(address);
    const left = this.#left(key);
    if (left >= 1) return { state: "go" };
    return { state: "blocked", retryAfterMs: Math.ceil((1 - left) * this.#forgiveAfterMs(key)) };
  }

  /** Told how an attempt ended. Gives the milliseconds by which its answer is to be delayed. */
  after(address: string, user: string | undefined, succeeded: boolean): number {
    const key = addressKey(address);
    if (!succeeded) this.#charge(key);
    if (user === undefined) return 0;
    const home = `${key} ${user}`;
    const isHome = this.#homes.get(home) !== undefined;
    const failures = this.#failuresOf(user);
    if (succeeded) {
      this.#homes.set(home, true);
      return isHome ? 0 : this.#delay(failures);
    }
    this.#failures.set(user, { count: failures + 1, lastMs: this.#clock.nowMs() });
    return this.#delay(failures);
  }

  #charge(key: string): void {
    const left = Math.max(this.#left(key) - 1, -MAX_DEBT);
    this.#budgets.set(key, { left, atMs: this.#clock.nowMs() });
  }

  #left(key: string): number {
    const budget = this.#budgets.get(key);
    const full = key === UNKNOWN_ADDRESS ? this.#options.unknownAddressFailures : this.#options.addressFailures;
    if (budget === undefined) return full;
    return Math.min(full, budget.left + (this.#clock.nowMs() - budget.atMs) / this.#forgiveAfterMs(key));
  }

  #forgiveAfterMs(key: string): number {
    return key === UNKNOWN_ADDRESS ? this.#options.unknownForgiveAfterMs : this.#options.forgiveAfterMs;
  }

  #failuresOf(user: string): number {
    const failures = this.#failures.get(user);
    if (failures === undefined) return 0;
    return this.#clock.nowMs() - failures.lastMs < this.#options.userWindowMs ? failures.count : 0;
  }

  #delay(failures: number): number {
    const { delaysMs, maxDelayed } = this.#options;
    const delayMs = delaysMs[Math.min(failures, delaysMs.length - 1)] ?? 0;
    if (delayMs === 0 || this.#delayed >= maxDelayed) return 0;
    this.#delayed++;
    this.#clock.after(delayMs, () => this.#delayed--);
    return delayMs;
  }
}
