import type { FillRandom } from "./fill-random.ts";
import type { GuardTime } from "./guard-time.ts";
import { MacIndex, NO_ROW } from "./mac-index.ts";

/** Claims that are remembered as told, more than anybody reads in a minute; while there is no room for another, it is not told. */
const MAX_CLAIMS = 256;
/** Of one port: who claims all that there is must not hide the others' claims. */
const MAX_CLAIMS_OF_PORT = 32;
/** A claim that goes on is told again after this time. */
const REPEAT_MS = 60_000;
/** `MacIndex` leaves the bits above to us. */
const PORT_SHIFT = 16;
/** A port's index is smaller than this. */
const MOST_PORTS = 2 ** 15;

/** Told at a time that is never long ago: the row is free. */
const FREE = Number.POSITIVE_INFINITY;

/** Which refused claims of a MAC were told lately: one per port and MAC in a minute, because each frame is a claim. */
export class RefusedClaims {
  readonly #time: GuardTime;
  readonly #index: MacIndex;
  readonly #toldMs = new Float64Array(MAX_CLAIMS);
  readonly #claimsOf = new Uint8Array(MOST_PORTS);

  constructor(time: GuardTime, fillRandom: FillRandom) {
    this.#time = time;
    this.#index = new MacIndex(MAX_CLAIMS, fillRandom);
  }

  /** Whether this claim is to be told; it counts as told then. */
  isNews(hi: number, lo: number, port: number): boolean {
    const key = (port << PORT_SHIFT) | hi;
    const row = this.#index.find(key, lo);
    if (row === NO_ROW) return this.#add(key, lo, port);
    if (!this.#isOld(row)) return false;
    this.#toldMs[row] = this.#time.nowMs;
    return true;
  }

  /** Forgets what was told long ago. */
  sweep(): void {
    for (let row = 0; row < this.#index.usedRows; row++) {
      if (!this.#isOld(row)) continue;
      const port = this.#index.hiOf(row) >> PORT_SHIFT;
      this.#claimsOf[port] = (this.#claimsOf[port] as number) - 1;
      this.#index.remove(row);
      this.#toldMs[row] = FREE;
    }
  }

  #isOld(row: number): boolean {
    return this.#time.nowMs - (this.#toldMs[row] as number) >= REPEAT_MS;
  }

  #add(key: number, lo: number, port: number): boolean {
    const before = this.#claimsOf[port] as number;
    if (this.#index.isFull || before >= MAX_CLAIMS_OF_PORT) return false;
    this.#claimsOf[port] = before + 1;
    this.#toldMs[this.#index.add(key, lo)] = this.#time.nowMs;
    return true;
  }
}
