import type { Clock } from "../src/base/clock.ts";

interface Timer {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly call: () => void;
}

/** A clock whose time passes when a test says so. */
export class HandClock implements Clock {
  readonly #timers = new Set<Timer>();
  /** Timers set since the start, to see that something began to wait. */
  timersSet = 0;
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    return this.#set({ dueMs: this.#nowMs + delayMs, periodMs: undefined, call });
  }

  every(periodMs: number, call: () => void): () => void {
    return this.#set({ dueMs: this.#nowMs + periodMs, periodMs, call });
  }

  /** Timers that have not fired or been cancelled. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers fire in the order they are due. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let timer = this.#nextDue(endMs); timer !== undefined; timer = this.#nextDue(endMs)) {
      this.#nowMs = timer.dueMs;
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else timer.dueMs += timer.periodMs;
      timer.call();
    }
    this.#nowMs = endMs;
  }

  #set(timer: Timer): () => void {
    this.#timers.add(timer);
    this.timersSet++;
    return () => void this.#timers.delete(timer);
  }

  #nextDue(endMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}
