import { isGroupMac } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { macHi } from "../wire/mac.ts";
import type { PairObserver } from "./pair-observer.ts";
import type { Port } from "./port.ts";

/** How much one port has sent to another. */
export interface Pair {
  /** Indices of ports. */
  readonly from: number;
  readonly to: number;
  readonly frames: number;
  readonly bytes: number;
}

/** Pairs of a network: what a picture can show, ten times over. With the slots beside them 800 KiB. */
export const MAX_PAIRS = 16_384;

/** Twice as many as pairs, so that probe runs stay short. */
const SLOTS = 2 * MAX_PAIRS;
const MASK = SLOTS - 1;
const FREE = -1;

/**
 * Who sends to whom: an open-addressing table over typed arrays, as the forwarding table is, because a Map would make an
 * object for each pair, and a key for each frame.
 *
 *     slot:   0     1     2   …       linear probing; deletion shifts back
 *     from  ┌ 3  ┬ −1  ┬ 7  ┬         index of the ingress port; −1: free
 *     to    ├ 0  ┼     ┼ 3  ┼         of the egress port
 *     frames, bytes
 *
 * Broadcast and multicast are left out: they would make a pair of each two ports, and show nothing.
 */
export class PairTable implements PairObserver {
  /** Frames of pairs for which there was no room. */
  uncountedFrames = 0;
  readonly #from = new Int32Array(SLOTS).fill(FREE);
  readonly #to = new Int32Array(SLOTS);
  readonly #frames = new Float64Array(SLOTS);
  readonly #bytes = new Float64Array(SLOTS);
  #size = 0;

  passed(ingress: Port, egress: Port, { bytes, start, end }: Frame): void {
    if (isGroupMac(macHi(bytes, start))) return;
    const slot = this.#find(ingress.index, egress.index);
    if (this.#from[slot] === FREE && !this.#add(slot, ingress.index, egress.index)) {
      this.uncountedFrames++;
      return;
    }
    this.#frames[slot] = (this.#frames[slot] as number) + 1;
    this.#bytes[slot] = (this.#bytes[slot] as number) + end - start;
  }

  /** Walks the whole table: for a port that leaves, not for a frame. */
  left({ index }: Port): void {
    for (let slot = 0; slot < SLOTS; ) {
      if (this.#from[slot] !== FREE && (this.#from[slot] === index || this.#to[slot] === index)) this.#remove(slot);
      else slot++;
    }
  }

  /** In no particular order. */
  *entries(): Generator<Pair> {
    for (let slot = 0; slot < SLOTS; slot++) {
      const from = this.#from[slot] as number;
      if (from === FREE) continue;
      const to = this.#to[slot] as number;
      yield { from, to, frames: this.#frames[slot] as number, bytes: this.#bytes[slot] as number };
    }
  }

  /** The slot of the pair, or the free one where it would go. */
  #find(from: number, to: number): number {
    let slot = homeOf(from, to);
    while (this.#from[slot] !== FREE && (this.#from[slot] !== from || this.#to[slot] !== to)) slot = (slot + 1) & MASK;
    return slot;
  }

  /** False if the table is full. */
  #add(slot: number, from: number, to: number): boolean {
    if (this.#size >= MAX_PAIRS) return false;
    this.#size++;
    this.#from[slot] = from;
    this.#to[slot] = to;
    this.#frames[slot] = 0;
    this.#bytes[slot] = 0;
    return true;
  }

  /** Frees a slot and moves later members of its probe run back, so that no run has a hole (Knuth 6.4, algorithm R). */
  #remove(slot: number): void {
    this.#size--;
    let hole = slot;
    for (let next = (hole + 1) & MASK; this.#from[next] !== FREE; next = (next + 1) & MASK) {
      const home = homeOf(this.#from[next] as number, this.#to[next] as number);
      if (((next - home) & MASK) < ((next - hole) & MASK)) continue;
      for (const column of [this.#from, this.#to, this.#frames, this.#bytes]) column[hole] = column[next] as number;
      hole = next;
    }
    this.#from[hole] = FREE;
  }
}

/** Where a pair would like to be. Nobody chooses port indices, so a seed is not needed. */
function homeOf(from: number, to: number): number {
  const mixed = Math.imul(from, 0x9e37_79b1) ^ Math.imul(to, 0x85eb_ca6b);
  return (mixed ^ (mixed >>> 15)) & MASK;
}
