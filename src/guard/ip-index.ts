import { randomWords } from "../base/random-words.ts";
import type { IpVersion } from "../wire/ip-prefix.ts";

/**
 * Gives each IP address of a set a row number below `capacity`, which it keeps until it is removed. What is known of
 * an address lies in the caller's own typed arrays, by row. VLANs are networks of their own, so an address is one per
 * VLAN id; 0 stands for untagged.
 *
 *     slots    0     1     2     3   …           open addressing, at most half full; row + 1, or 0: free
 *            ┌ 2 ──┬ 0 ──┬ 1 ──┬ 0 ──
 *     rows     0           1           2   …
 *     network┌ 0x4000    ┬ 0x6064    ┬ 0         version in the upper four bits of 16, VLAN id below; 0: free row
 *     address│ 4 of 16 B │ 16 bytes  │           network order, as on the wire
 *     hash   └ int32     ┴ int32     ┴ next      of a free row the next free one
 *
 * The hash is by tabulation: each byte picks a random word from a table of its own place, and the words are combined
 * by exclusive or. A stranger chooses all 16 bytes of his address, and where words are mixed with one seed some inputs
 * collide whatever the seed is; here none do, and probe runs stay short (Pătraşcu and Thorup, "The Power of Simple
 * Tabulation Hashing", 2011). Deletion shifts back, as in the forwarding table.
 */
export const NO_ROW = -1;

const ADDRESS_BYTES = 16;
/** The address, and two bytes of VLAN id and version. */
const KEY_BYTES = ADDRESS_BYTES + 2;

export class IpIndex {
  readonly #mask: number;
  readonly #slots: Int32Array;
  readonly #network: Uint16Array;
  readonly #address: Uint8Array;
  readonly #hash: Int32Array;
  readonly #words: Int32Array;
  /** Rows from here on were never used. */
  #used = 0;
  #freeRow = NO_ROW;

  /** `seed`: 32 random bits. The caller counts its rows and never adds more than `capacity`. */
  constructor(capacity: number, seed: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, 2 * capacity)));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots);
    this.#network = new Uint16Array(capacity);
    this.#address = new Uint8Array(capacity * ADDRESS_BYTES);
    this.#hash = new Int32Array(capacity);
    this.#words = randomWords(KEY_BYTES * 256, seed);
  }

  /** All rows in use are below this number. */
  get usedRows(): number {
    return this.#used;
  }

  isUsed(row: number): boolean {
    return this.#network[row] !== 0;
  }

  vlanIdOf(row: number): number {
    return (this.#network[row] as number) & 0xfff;
  }

  /** A copy of the address, 4 or 16 bytes. */
  addressOf(row: number): Uint8Array {
    const at = row * ADDRESS_BYTES;
    return this.#address.slice(at, at + ((this.#network[row] as number) >>> 12 === 4 ? 4 : ADDRESS_BYTES));
  }

  /** The row of the address at `at`, or `NO_ROW`. The caller has checked that the address is whole. */
  find(vlanId: number, version: IpVersion, bytes: Uint8Array, at: number): number {
    const network = networkOf(vlanId, version);
    const hash = this.#hashOf(network, bytes, at);
    let slot = hash & this.#mask;
    for (let row = this.#slots[slot] as number; row !== 0; row = this.#slots[slot] as number) {
      if (this.#hash[row - 1] === hash && this.#isAt(row - 1, network, bytes, at)) return row - 1;
      slot = (slot + 1) & this.#mask;
    }
    return NO_ROW;
  }

  /** Whether a row is in use and is that of the address at `at`: cheaper than `find`. */
  holds(row: number, vlanId: number, version: IpVersion, bytes: Uint8Array, at: number): boolean {
    return this.#isAt(row, networkOf(vlanId, version), bytes, at);
  }

  /** A row for an address that has none. */
  add(vlanId: number, version: IpVersion, bytes: Uint8Array, at: number): number {
    const row = this.#takeRow();
    const network = networkOf(vlanId, version);
    this.#network[row] = network;
    for (let i = 0, to = row * ADDRESS_BYTES; i < addressBytes(network); i++) {
      this.#address[to + i] = bytes[at + i] as number;
    }
    const hash = this.#hashOf(network, bytes, at);
    this.#hash[row] = hash;
    let slot = hash & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = row + 1;
    return row;
  }

  /** Frees a row in use. Later members of its probe run move back, so that no run has a hole (Knuth 6.4, algorithm R). */
  remove(row: number): void {
    let hole = (this.#hash[row] as number) & this.#mask;
    while (this.#slots[hole] !== row + 1) hole = (hole + 1) & this.#mask;
    for (let next = (hole + 1) & this.#mask; this.#slots[next] !== 0; next = (next + 1) & this.#mask) {
      const other = this.#slots[next] as number;
      const home = (this.#hash[other - 1] as number) & this.#mask;
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#slots[hole] = other;
      hole = next;
    }
    this.#slots[hole] = 0;
    this.#network[row] = 0;
    this.#hash[row] = this.#freeRow;
    this.#freeRow = row;
  }

  #takeRow(): number {
    if (this.#freeRow === NO_ROW) return this.#used++;
    const row = this.#freeRow;
    this.#freeRow = this.#hash[row] as number;
    return row;
  }

  #isAt(row: number, network: number, bytes: Uint8Array, at: number): boolean {
    if (this.#network[row] !== network) return false;
    const own = row * ADDRESS_BYTES;
    for (let i = addressBytes(network) - 1; i >= 0; i--) if (this.#address[own + i] !== bytes[at + i]) return false;
    return true;
  }

  #hashOf(network: number, bytes: Uint8Array, at: number): number {
    const words = this.#words;
    let hash = (words[network >>> 8] as number) ^ (words[0x100 | (network & 0xff)] as number);
    for (let i = addressBytes(network) - 1; i >= 0; i--) {
      hash ^= words[((i + 2) << 8) | (bytes[at + i] as number)] as number;
    }
    return hash;
  }
}

function networkOf(vlanId: number, version: IpVersion): number {
  return (version << 12) | (vlanId & 0xfff);
}

function addressBytes(network: number): number {
  return network >>> 12 === 4 ? 4 : ADDRESS_BYTES;
}
