import { randomWords } from "../base/random-words.ts";
import { tabulate, tabulationWords } from "../base/tabulation.ts";
import { formatMac, type Mac } from "../wire/mac.ts";

/**
 * The forwarding table (FDB): which port a MAC address was last seen at.
 *
 * An open-addressing hash table over typed arrays, because a Map would box a 48-bit key per look-up. Linear probing,
 * deletion by shifting back (no tombstones), at most half full. The hash is by tabulation: a stranger
 * who picks MAC addresses cannot pick collisions.
 *
 *     slot:   0        1        2        3   …
 *     hi    ┌ 0x0242 ┬        ┬ 0x5e10 ┬          first two bytes
 *     lo    ├ int32  ┼        ┼ int32  ┼          last four bytes
 *     port  ├   4    ┼   −1   ┼   0    ┼          −1: free
 *     seen  └ 120000 ┴        ┴   ∞    ┴          ms of the last frame; ∞: pinned, never ages or moves by learning
 */
export interface ForwardingTableOptions {
  /** Most addresses the table learns; the next one is not learned. */
  readonly capacity: number;
  /** Most addresses learned at one port, so that one bridge cannot fill the table for all. */
  readonly maxLearnedPerPort: number;
  /** Most addresses that are pinned at once; the owner sees to it (a port pins one). */
  readonly maxPinned: number;
  /** A learned address that was silent this long is forgotten. IEEE 802.1Q's default is 300 s. */
  readonly agingMs: number;
  /** Seed of the hash, 32 random bits. */
  readonly seed: number;
}

export const FDB_DEFAULTS = { capacity: 16_384, maxLearnedPerPort: 2_048, agingMs: 300_000 } as const;

/** What `learn` did with an address. */
export const Learned = { known: 0, added: 1, moved: 2, full: 3, pinnedElsewhere: 4 } as const;
export type Learned = (typeof Learned)[keyof typeof Learned];

/** One row of the table, for people. */
export interface FdbEntry {
  readonly mac: Mac;
  readonly port: number;
  readonly pinned: boolean;
  /** Milliseconds since the last frame; 0 for a pinned address. */
  readonly ageMs: number;
}

/** Of `hi` and `lo`. */
const KEY_BYTES = 8;
const FREE = -1;
const PINNED = Number.POSITIVE_INFINITY;
/** `lookup`'s answer for an address it does not know. */
export const NO_PORT = -1;

export class ForwardingTable {
  readonly #capacity: number;
  readonly #agingMs: number;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #hi: Uint16Array;
  readonly #lo: Int32Array;
  readonly #port: Int32Array;
  readonly #seen: Float64Array;
  /** Learned addresses by port. */
  readonly #learnedAt: Uint32Array;
  readonly #maxLearnedPerPort: number;
  #learned = 0;
  #size = 0;
  #sweepAt = 0;

  constructor(options: ForwardingTableOptions) {
    this.#capacity = options.capacity;
    this.#agingMs = options.agingMs;
    this.#words = randomWords(tabulationWords(KEY_BYTES), options.seed);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, 2 * (options.capacity + options.maxPinned))));
    this.#mask = slots - 1;
    this.#hi = new Uint16Array(slots);
    this.#lo = new Int32Array(slots);
    this.#port = new Int32Array(slots).fill(FREE);
    this.#seen = new Float64Array(slots);
    this.#learnedAt = new Uint32Array(options.maxPinned);
    this.#maxLearnedPerPort = options.maxLearnedPerPort;
  }

  /** Learned addresses in the table, those that aged but were not swept yet included. */
  get learned(): number {
    return this.#learned;
  }

  /** Learned and pinned ones. */
  get size(): number {
    return this.#size;
  }

  /** Most addresses it learns. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The port of an address, or `NO_PORT`. */
  lookup(hi: number, lo: number, nowMs: number): number {
    const slot = this.#find(hi, lo);
    const port = this.#port[slot] as number;
    if (port === FREE || nowMs - (this.#seen[slot] as number) > this.#agingMs) return NO_PORT;
    return port;
  }

  /** Notes that a frame from this address came in at `port`. */
  learn(hi: number, lo: number, port: number, nowMs: number): Learned {
    const slot = this.#find(hi, lo);
    const known = this.#port[slot] as number;
    if (known === FREE) return this.#add(slot, hi, lo, port, nowMs);
    if (this.#seen[slot] === PINNED) return known === port ? Learned.known : Learned.pinnedElsewhere;
    if (known === port) {
      this.#seen[slot] = nowMs;
      return Learned.known;
    }
    return this.#move(slot, known, port, nowMs);
  }

  /** Ties an address to a port until `forgetPort`, taking it from whoever had it. */
  pin(hi: number, lo: number, port: number): void {
    const slot = this.#find(hi, lo);
    if (this.#port[slot] === FREE) this.#size++;
    this.#uncount(slot);
    this.#set(slot, hi, lo, port, PINNED);
  }

  /** Forgets every address of a port. Walks the whole table: for a port that leaves, not for a frame. */
  forgetPort(port: number): void {
    for (let slot = 0; slot <= this.#mask; ) {
      if (this.#port[slot] === port) this.#remove(slot);
      else slot++;
    }
  }

  /** Forgets learned addresses, of one port or of all; returns how many there were. Pinned ones stay. */
  forgetLearned(port?: number): number {
    const before = this.#learned;
    for (let slot = 0; slot <= this.#mask; ) {
      const at = this.#port[slot] as number;
      const isLearned = at !== FREE && this.#seen[slot] !== PINNED;
      if (isLearned && (port === undefined || at === port)) this.#remove(slot);
      else slot++;
    }
    return before - this.#learned;
  }

  /** Removes aged addresses among the next `slots` slots; call it now and then, it goes round the table. */
  sweep(nowMs: number, slots = 4096): void {
    for (let step = 0; step < slots; step++) {
      const slot = this.#sweepAt;
      if (this.#port[slot] !== FREE && nowMs - (this.#seen[slot] as number) > this.#agingMs) this.#remove(slot);
      else this.#sweepAt = (slot + 1) & this.#mask;
    }
  }

  /** The addresses known now, of one port or of all, in no particular order. */
  *entries(nowMs: number, only?: number): Generator<FdbEntry> {
    for (let slot = 0; slot <= this.#mask; slot++) {
      const port = this.#port[slot] as number;
      const seen = this.#seen[slot] as number;
      if (port === FREE || nowMs - seen > this.#agingMs || (only !== undefined && port !== only)) continue;
      const pinned = seen === PINNED;
      const mac = formatMac(this.#hi[slot] as number, this.#lo[slot] as number);
      yield { mac, port, pinned, ageMs: pinned ? 0 : nowMs - seen };
    }
  }

  /** The slot that holds the address, or the free one where it would go. */
  #find(hi: number, lo: number): number {
    let slot = this.#home(hi, lo);
    while (this.#port[slot] !== FREE && (this.#lo[slot] !== lo || this.#hi[slot] !== hi))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Where an address would like to be. */
  #home(hi: number, lo: number): number {
    return (tabulate(this.#words, hi, 0) ^ tabulate(this.#words, lo, 1)) & this.#mask;
  }

  #add(slot: number, hi: number, lo: number, port: number, nowMs: number): Learned {
    if (this.#learned >= this.#capacity || this.#isFull(port)) return Learned.full;
    this.#size++;
    this.#learned++;
    this.#learnedAt[port] = (this.#learnedAt[port] as number) + 1;
    this.#set(slot, hi, lo, port, nowMs);
    return Learned.added;
  }

  #move(slot: number, from: number, to: number, nowMs: number): Learned {
    if (this.#isFull(to)) return Learned.full;
    this.#learnedAt[from] = (this.#learnedAt[from] as number) - 1;
    this.#learnedAt[to] = (this.#learnedAt[to] as number) + 1;
    this.#port[slot] = to;
    this.#seen[slot] = nowMs;
    return Learned.moved;
  }

  #isFull(port: number): boolean {
    return (this.#learnedAt[port] as number) >= this.#maxLearnedPerPort;
  }

  /** A slot is about to hold something else: if that was a learned address, it counts no more. */
  #uncount(slot: number): void {
    const port = this.#port[slot] as number;
    if (port === FREE || this.#seen[slot] === PINNED) return;
    this.#learned--;
    this.#learnedAt[port] = (this.#learnedAt[port] as number) - 1;
  }

  /** Frees a slot and moves later members of its probe run back, so that no run has a hole (Knuth 6.4, algorithm R). */
  #remove(slot: number): void {
    this.#size--;
    this.#uncount(slot);
    let hole = slot;
    let next = (hole + 1) & this.#mask;
    while (this.#port[next] !== FREE) {
      const home = this.#home(this.#hi[next] as number, this.#lo[next] as number);
      if (((next - home) & this.#mask) >= ((next - hole) & this.#mask)) {
        this.#set(
          hole,
          this.#hi[next] as number,
          this.#lo[next] as number,
          this.#port[next] as number,
          this.#seen[next] as number,
        );
        hole = next;
      }
      next = (next + 1) & this.#mask;
    }
    this.#port[hole] = FREE;
  }

  #set(slot: number, hi: number, lo: number, port: number, seenMs: number): void {
    this.#hi[slot] = hi;
    this.#lo[slot] = lo;
    this.#port[slot] = port;
    this.#seen[slot] = seenMs;
  }
}
