import type { FillRandom } from "./fill-random.ts";
import type { GuardTime } from "./guard-time.ts";
import { MacIndex, NO_ROW } from "./mac-index.ts";

/** MACs whose moves are counted at once. A loop makes every MAC of a LAN flap, so any of them will do to find it. */
const MAX_FLAPPING_MACS = 1_024;
/** A MAC that moves more often than this within the time below flaps: no host roams that fast. */
const MAX_MOVES = 8;
const WINDOW_MS = 10_000;

/** Began at a time whose window is never over: the row is free. */
const FREE = Number.POSITIVE_INFINITY;
const NO_PORT = -1;

/** Counts how often MAC addresses move between ports. A MAC that keeps moving is behind both: they are one LAN. */
export class MacFlaps {
  readonly #time: GuardTime;
  readonly #index: MacIndex;
  readonly #moves = new Int32Array(MAX_FLAPPING_MACS);
  readonly #sinceMs = new Float64Array(MAX_FLAPPING_MACS);
  /** Where the MAC went last: a frame from there again is no move. */
  readonly #to = new Int32Array(MAX_FLAPPING_MACS);

  constructor(time: GuardTime, fillRandom: FillRandom) {
    this.#time = time;
    this.#index = new MacIndex(MAX_FLAPPING_MACS, fillRandom);
  }

  /** Notes that a MAC came to the port with index `to`. True if it flaps; it then starts anew. */
  moved(hi: number, lo: number, to: number): boolean {
    const row = this.#rowOf(hi, lo);
    if (row === NO_ROW || this.#to[row] === to) return false;
    const moves = (this.#moves[row] as number) + 1;
    this.#to[row] = to;
    this.#moves[row] = moves;
    if (moves <= MAX_MOVES) return false;
    this.#forget(row);
    return true;
  }

  /** Forgets the MACs that have not flapped in their time. */
  sweep(): void {
    for (let row = 0; row < this.#index.usedRows; row++) {
      if (this.#isOver(row)) this.#forget(row);
    }
  }

  #rowOf(hi: number, lo: number): number {
    const row = this.#index.find(hi, lo);
    if (row !== NO_ROW && !this.#isOver(row)) return row;
    if (row === NO_ROW && this.#index.isFull) return NO_ROW;
    const fresh = row === NO_ROW ? this.#index.add(hi, lo) : row;
    this.#moves[fresh] = 0;
    this.#sinceMs[fresh] = this.#time.nowMs;
    this.#to[fresh] = NO_PORT;
    return fresh;
  }

  #isOver(row: number): boolean {
    return this.#time.nowMs - (this.#sinceMs[row] as number) > WINDOW_MS;
  }

  #forget(row: number): void {
    this.#index.remove(row);
    this.#sinceMs[row] = FREE;
  }
}
