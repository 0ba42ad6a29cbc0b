import type { Clock } from "./clock.ts";

/** What is attempted: each target by `begin`, which ends what it has begun when its signal is given. */
export interface Attempts<Target, Result> {
  readonly targets: readonly Target[];
  begin(target: Target, signal: AbortSignal): Promise<Result>;
  /** Ends what a success has brought that came too late. */
  discard(result: Result): void;
}

export interface AttemptTimes {
  /** How long an attempt goes on alone before the next target's begins beside it. */
  readonly nextAfterMs: number;
  /** How long until a target that has not answered is attempted once more, beside the attempts that go on. */
  readonly againAfterMs: number;
  /** Attempts that go on at a time; for one more the oldest is given up. */
  readonly mostRunning: number;
  /** How often a silent target is attempted; Infinity until `signal` is given. */
  readonly mostRounds: number;
}

/**
 * Attempts one target after the other until one succeeds, in the manner of RFC 8305: the next begins after a while, or as
 * soon as one fails, and the earlier attempts go on beside it. When all were attempted and some are silent, those are
 * attempted afresh again and again, because what a line has swallowed is not missed by anybody for seconds.
 *
 * Resolves with the first success; the others are called off. Rejects when every target has failed, with the one error or
 * an AggregateError, or when `signal` is given.
 */
export function firstSuccess<Target, Result>(
  clock: Clock,
  attempts: Attempts<Target, Result>,
  times: AttemptTimes,
  signal: AbortSignal,
): Promise<Result> {
  return new Promise((resolve, reject) => new Round(clock, attempts, times, signal, { resolve, reject }).beginNext());
}

interface Outcome<Result> {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

class Round<Target, Result> {
  readonly #clock: Clock;
  readonly #attempts: Attempts<Target, Result>;
  readonly #times: AttemptTimes;
  readonly #signal: AbortSignal;
  readonly #outcome: Outcome<Result>;
  readonly #waiting: Target[];
  /** Oldest first. */
  readonly #running = new Map<AbortController, Target>();
  readonly #errors: unknown[] = [];
  #rounds = 1;
  #cancelTimer = (): void => {};

  constructor(
    clock: Clock,
    attempts: Attempts<Target, Result>,
    times: AttemptTimes,
    signal: AbortSignal,
    outcome: Outcome<Result>,
  ) {
    this.#clock = clock;
    this.#attempts = attempts;
    this.#times = times;
    this.#signal = signal;
    this.#outcome = outcome;
    this.#waiting = [...attempts.targets];
  }

  beginNext(): void {
    this.#cancelTimer();
    const target = this.#waiting.shift();
    if (target === undefined) this.#outcome.reject(new Error("there is nothing to attempt"));
    else this.#begin(target);
  }

  #begin(target: Target): void {
    const own = new AbortController();
    this.#running.set(own, target);
    const onSuccess = (result: Result): void => this.#onSuccess(own, result);
    this.#attempts
      .begin(target, AbortSignal.any([this.#signal, own.signal]))
      .then(onSuccess, (error: unknown) => this.#onFailure(own, error));
    this.#giveUpOldest();
    const { nextAfterMs, againAfterMs, mostRounds } = this.#times;
    if (this.#waiting.length > 0) this.#cancelTimer = this.#clock.after(nextAfterMs, () => this.beginNext());
    else if (this.#rounds < mostRounds) this.#cancelTimer = this.#clock.after(againAfterMs, () => this.#beginAgain());
  }

  #beginAgain(): void {
    this.#rounds++;
    this.#waiting.push(...new Set(this.#running.values()));
    this.beginNext();
  }

  #giveUpOldest(): void {
    const [oldest] = this.#running.keys();
    if (oldest === undefined || this.#running.size <= this.#times.mostRunning) return;
    this.#running.delete(oldest);
    oldest.abort();
  }

  #onSuccess(own: AbortController, result: Result): void {
    if (!this.#running.delete(own)) {
      this.#attempts.discard(result);
      return;
    }
    this.#cancelTimer();
    this.#waiting.length = 0;
    const losers = [...this.#running.keys()];
    this.#running.clear();
    for (const loser of losers) loser.abort();
    this.#outcome.resolve(result);
  }

  #onFailure(own: AbortController, error: unknown): void {
    if (!this.#running.delete(own)) return;
    this.#errors.push(error);
    if (this.#waiting.length > 0 && !this.#signal.aborted) this.beginNext();
    else if (this.#running.size === 0) {
      this.#cancelTimer();
      this.#outcome.reject(this.#failure());
    }
  }

  #failure(): unknown {
    const { aborted, reason } = this.#signal;
    if (aborted) return reason;
    return this.#errors.length === 1 ? this.#errors[0] : new AggregateError(this.#errors, "all have failed");
  }
}
