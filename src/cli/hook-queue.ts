import type { Clock } from "../base/clock.ts";

/** Jobs that wait: as many peers as come or go in a bad moment, and no more memory than that. */
const MAX_WAITING = 256;
const MAX_RUNNING = 4;
/** A place rests for so long after each job: to start a program costs milliseconds in which nothing is forwarded. */
const REST_MS = 200;
/** After this time a job is given up. */
const TIMEOUT_MS = 10_000;
/** And after this one when the server stops. */
const STOP_TIMEOUT_MS = 2_000;

export interface HookJob {
  /** Jobs with the same key run one after the other, in order. */
  readonly key: string;
  /** Why it failed; undefined if it did not. Ends soon after the signal says so. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<string | undefined>;
  readonly onFailed: (reason: string) => void;
}

/**
 * Runs jobs beside the server, a few at a time.
 *
 *     waiting ──a place is free, and no other with its key runs──► running ──done, failed or given up──► its place rests
 */
export class HookQueue {
  readonly #clock: Clock;
  readonly #waiting: HookJob[] = [];
  readonly #running = new Map<string, AbortController>();
  #restingPlaces = 0;
  #onIdle: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(job: HookJob): void {
    if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(job);
      this.#next();
    } else job.onFailed(`${MAX_WAITING} others wait already`);
  }

  /** Resolves when all is done, or when it took too long: then what runs is ended and what waits is forgotten. */
  async close(): Promise<void> {
    const isIdle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const cancel = this.#clock.after(STOP_TIMEOUT_MS, () => this.#giveUp());
    this.#next();
    await isIdle;
    cancel();
  }

  #giveUp(): void {
    this.#waiting.length = 0;
    for (const abort of this.#running.values()) abort.abort();
  }

  #next(): void {
    while (this.#hasPlace) {
      const place = this.#waiting.findIndex(({ key }) => !this.#running.has(key));
      const [job] = place < 0 ? [] : this.#waiting.splice(place, 1);
      if (job === undefined) break;
      void this.#run(job);
    }
    if (this.#running.size === 0) this.#onIdle?.();
  }

  /** Who stops has nothing to forward any more, and no place rests. */
  get #hasPlace(): boolean {
    const resting = this.#onIdle === undefined ? this.#restingPlaces : 0;
    return this.#running.size + resting < MAX_RUNNING;
  }

  async #run({ key, run, onFailed }: HookJob): Promise<void> {
    const abort = new AbortController();
    this.#running.set(key, abort);
    const cancel = this.#clock.after(TIMEOUT_MS, () => abort.abort());
    const reason = await run(abort.signal);
    cancel();
    this.#running.delete(key);
    if (reason !== undefined) onFailed(abort.signal.aborted ? "it took too long and was ended" : reason);
    this.#rest();
    this.#next();
  }

  #rest(): void {
    this.#restingPlaces++;
    this.#clock.after(REST_MS, () => {
      this.#restingPlaces--;
      this.#next();
    });
  }
}
