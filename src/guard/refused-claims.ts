import type { FillRandom } from "./fill-random.ts";
import type { GuardTime } from "./guard-time.ts";
import { MacIndex, NO_ROW } from "./mac-index.ts";

/** Claims that are remembered as told, more than anybody reads in a minute; while there is no room for another, it is not told. */
const MAX_CLAIMS = 256;
/** A claim that goes on is told again after this time. */
const REPEAT_MS = 60_000;
/** `MacIndex` leaves the bits above to us; a port's index is smaller than 2^15. */
const PORT_SHIFT = 16;

/** Told at a time that is never long ago: the row is free. */
const FREE = Number.POSITIVE_INFINITY;

/** Which refused claims of a MAC were told lately: one per port and MAC in a minute, because each frame is a claim. */
export class RefusedClaims {
  readonly #time: GuardTime;
  readonly #index: MacIndex;
  readonly #toldMs = new Float64Array(MAX_CLAIMS);

  constructor(time: GuardTime, fillRandom: FillRandom) {
    this.#time = time;
    this.#index = new MacIndex(MAX_CLAIMS, fillRandom);
  }

  /** Whether this claim is to be told; it counts as told then. */
  isNews(hi: number, lo: number, port: number): boolean {
    const key = (port << PORT_SHIFT) | hi;
    const row = this.#index.find(key, lo);
    if (row === NO_ROW) return this.#add(key, lo);
    if (!this.#isOld(row)) return false;
    this.#toldMs[row] = this.#time.nowMs;
    return true;
  }

  /** Forgets what was told long ago. */
  sweep(): void {
    for (let row = 0; row < this.#index.usedRows; row++) {
      if (!this.#isOld(row)) continue;
      this.#index.remove(row);
      this.#toldMs[row] = FREE;
    }
  }

  #isOld(row: number): boolean {
    return this.#time.nowMs - (this.#toldMs[row] as number) >= REPEAT_MS;
  }

  #add(key: number, lo: number): boolean {
    if (this.#index.isFull) return false;
    this.#toldMs[this.#index.add(key, lo)] = this.#time.nowMs;
    return true;
  }
}
