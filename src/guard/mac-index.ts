import { tabulate, tabulationWords } from "../base/tabulation.ts";
import type { FillRandom } from "./fill-random.ts";

/** Of `hi` and `lo`. */
const KEY_BYTES = 8;

/** `find`'s answer for an address that is not there. */
export const NO_ROW = -1;

/**
 * Gives each MAC address of a set a row number below `capacity`, which it keeps until it is removed. What is known of
 * an address lies in the caller's own typed arrays, by row.
 *
 *     slots   0     1     2     3   …            open addressing, at most half full; row + 1, or 0: free
 *           ┌ 3 ──┬ 0 ──┬ 1 ──┬ 0 ──
 *     rows    0        1        2        3   …
 *     hi    ┌ 0x0242 ┬        ┬ 0x5e10 ┬         first two bytes
 *     lo    └ int32  ┴ next   ┴ int32  ┴         last four bytes; of a free row the next free one
 *
 * The hash is by tabulation, so that a stranger who picks MAC addresses cannot pick collisions. Deletion shifts back, as in the forwarding table. A table nobody fills costs little
 * memory, because pages of zeros that were never written are not there. A caller may use the bits of `hi` above the
 * lower 16 for a key of its own.
 */
export class MacIndex {
  readonly capacity: number;
  readonly #words = new Int32Array(tabulationWords(KEY_BYTES));
  readonly #mask: number;
  readonly #slots: Int32Array;
  readonly #hi: Int32Array;
  readonly #lo: Int32Array;
  #size = 0;
  /** Rows from here on were never used. */
  #used = 0;
  #freeRow = NO_ROW;

  constructor(capacity: number, fillRandom: FillRandom) {
    this.capacity = capacity;
    fillRandom(new Uint8Array(this.#words.buffer));
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, 2 * capacity)));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots);
    this.#hi = new Int32Array(capacity);
    this.#lo = new Int32Array(capacity);
  }

  get isFull(): boolean {
    return this.#size >= this.capacity;
  }

  /** All rows in use are below this number. */
  get usedRows(): number {
    return this.#used;
  }

  hiOf(row: number): number {
    return this.#hi[row] as number;
  }

  loOf(row: number): number {
    return this.#lo[row] as number;
  }

  /** The row of an address, or `NO_ROW`. */
  find(hi: number, lo: number): number {
    return (this.#slots[this.#slotOf(hi, lo)] as number) - 1;
  }

  /** A row for an address that has none. The caller has checked `isFull`. */
  add(hi: number, lo: number): number {
    const row = this.#takeRow();
    this.#hi[row] = hi;
    this.#lo[row] = lo;
    this.#slots[this.#slotOf(hi, lo)] = row + 1;
    this.#size++;
    return row;
  }

  /** Frees a row in use. Later members of its probe run move back, so that no run has a hole (Knuth 6.4, algorithm R). */
  remove(row: number): void {
    let hole = this.#slotOf(this.hiOf(row), this.loOf(row));
    for (let next = (hole + 1) & this.#mask; this.#slots[next] !== 0; next = (next + 1) & this.#mask) {
      const other = (this.#slots[next] as number) - 1;
      const home = this.#home(this.hiOf(other), this.loOf(other));
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#slots[hole] = other + 1;
      hole = next;
    }
    this.#slots[hole] = 0;
    this.#lo[row] = this.#freeRow;
    this.#freeRow = row;
    this.#size--;
  }

  #takeRow(): number {
    if (this.#freeRow === NO_ROW) return this.#used++;
    const row = this.#freeRow;
    this.#freeRow = this.#lo[row] as number;
    return row;
  }

  /** The slot that leads to the address, or the free one where it would go. */
  #slotOf(hi: number, lo: number): number {
    let slot = this.#home(hi, lo);
    for (let row = this.#slots[slot] as number; row !== 0; row = this.#slots[slot] as number) {
      if (this.#lo[row - 1] === lo && this.#hi[row - 1] === hi) break;
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  /** Where an address would like to be. */
  #home(hi: number, lo: number): number {
    return (tabulate(this.#words, hi, 0) ^ tabulate(this.#words, lo, 1)) & this.#mask;
  }
}
