import type { Clock } from "../../../src/base/clock.ts";
import { Store } from "./store.ts";

export interface Polled<T> {
  /** The last answer; undefined before the first. */
  readonly value: T | undefined;
  /** When that came, on the poller's clock. */
  readonly atMs: number;
  /** Why there is no newer one, as a sentence. */
  readonly problem: string | undefined;
}

export interface PollerDeps<T> {
  readonly clock: Clock;
  readonly load: () => Promise<T>;
}

export interface PollerOptions {
  /** Between an answer and the next question. */
  readonly periodMs: number;
}

/** An answer that took long is asked for less often: at most a fifth of the time is spent on asking. */
const PAUSE_PER_LOAD = 4;

/** Asks the same question again and again while somebody looks. */
export class Poller<T> {
  readonly answer = new Store<Polled<T>>({ value: undefined, atMs: 0, problem: undefined });
  readonly #deps: PollerDeps<T>;
  readonly #options: PollerOptions;
  #isRunning = false;
  #isLoading = false;
  #cancel = (): void => {};

  constructor(deps: PollerDeps<T>, options: PollerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Asks at once. */
  start(): void {
    this.#isRunning = true;
    this.askNow();
  }

  /** An answer that is under way is not shown any more. */
  stop(): void {
    this.#isRunning = false;
    this.#cancel();
  }

  /** Does not wait for the next time: something was changed. */
  askNow(): void {
    this.#cancel();
    if (this.#isRunning && !this.#isLoading) void this.#ask();
  }

  async #ask(): Promise<void> {
    const { clock, load } = this.#deps;
    const askedMs = clock.nowMs();
    this.#isLoading = true;
    const answer = await load().then(
      (value) => ({ value, atMs: clock.nowMs(), problem: undefined }),
      (error: Error) => ({ ...this.answer.value, problem: error.message }),
    );
    this.#isLoading = false;
    if (!this.#isRunning) return;
    this.answer.set(answer);
    const pauseMs = Math.max(this.#options.periodMs, PAUSE_PER_LOAD * (clock.nowMs() - askedMs));
    this.#cancel = clock.after(pauseMs, () => void this.#ask());
  }
}
