import { formatIpAddress, type IpVersion } from "../wire/ip-prefix.ts";
import { formatMac, type Mac } from "../wire/mac.ts";
import { IpIndex, NO_ROW } from "./ip-index.ts";
import type { AddressedFrame } from "./ip-source.ts";

/** How an address came to its owner (see bindings.ts), the weakest first. */
export const Kind = { claimed: 0, leased: 1, trusted: 2, assigned: 3 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];
const KIND_NAMES = ["claimed", "leased", "trusted", "assigned"] as const;

/** One address, for people. */
export interface Binding {
  readonly address: string;
  /** 0: untagged. */
  readonly vlanId: number;
  readonly kind: (typeof KIND_NAMES)[number];
  /** The MAC that claimed it or that it was leased to; undefined for an assigned one. */
  readonly mac: Mac | undefined;
  /** Number of the owner; `NOBODY` for a lease that nobody has taken up. */
  readonly owner: number;
  /** Milliseconds until it is free; infinite for an assigned one. */
  readonly leftMs: number;
}

export interface BindingTableOptions {
  /** Most addresses claimed, leased and trusted together. */
  readonly capacity: number;
  /** Most addresses assigned. */
  readonly maxAssigned: number;
  /** 32 random bits for the hash. */
  readonly seed: number;
}

export const NO_PORT = -1;

/**
 * The rows of the bindings, their bounds and their counts. Bindings decides what goes in and out.
 *
 *     index    (VLAN, address) ─► row      see ip-index.ts
 *     row      │ kind │ owner │ port │ macHi macLo │ expires │ assignments │
 *
 * About 50 bytes a row; rows that were never used cost no memory, because nobody wrote on their pages.
 */
export class BindingTable {
  readonly #options: BindingTableOptions;
  readonly #index: IpIndex;
  readonly kind: Uint8Array;
  readonly owner: Int32Array;
  /** The port that used the address last, or `NO_PORT`; of a counted row the one that holds it. Set by `moveTo`. */
  readonly port: Int32Array;
  readonly macHi: Uint16Array;
  readonly macLo: Int32Array;
  /** Last millisecond of its life; infinite for an assigned one. */
  readonly expires: Float64Array;
  /** How often an address is assigned to its owner: once for each session. */
  readonly assignments: Uint16Array;
  /** Counted addresses by port. */
  readonly #heldAt: number[] = [];
  #learned = 0;
  #assigned = 0;
  #sweepAt = 0;

  constructor(options: BindingTableOptions) {
    const rows = options.capacity + options.maxAssigned;
    this.#options = options;
    this.#index = new IpIndex(rows, options.seed);
    this.kind = new Uint8Array(rows);
    this.owner = new Int32Array(rows);
    this.port = new Int32Array(rows);
    this.macHi = new Uint16Array(rows);
    this.macLo = new Int32Array(rows);
    this.expires = new Float64Array(rows);
    this.assignments = new Uint16Array(rows);
  }

  /** Rows that are not assigned. */
  get learned(): number {
    return this.#learned;
  }

  /** All rows in use are below this number. */
  get usedRows(): number {
    return this.#index.usedRows;
  }

  isUsed(row: number): boolean {
    return this.#index.isUsed(row);
  }

  /** The row of the address at `at`, ended or not, or `NO_ROW`. */
  find(frame: AddressedFrame, version: IpVersion, at: number): number {
    return this.#index.find(frame.vlanId, version, frame.bytes, at);
  }

  /** Whether a row is that of the address at `at`: cheaper than `find`. */
  holds(row: number, frame: AddressedFrame, version: IpVersion, at: number): boolean {
    return this.#index.holds(row, frame.vlanId, version, frame.bytes, at);
  }

  /** As `find`, but a row that has ended is removed. */
  findLive(frame: AddressedFrame, version: IpVersion, at: number, nowMs: number): number {
    const row = this.find(frame, version, at);
    if (row === NO_ROW || this.isLive(row, nowMs)) return row;
    this.clear(row);
    return NO_ROW;
  }

  isLive(row: number, nowMs: number): boolean {
    return nowMs <= (this.expires[row] as number);
  }

  hasMac(row: number, hi: number, lo: number): boolean {
    return this.macLo[row] === lo && this.macHi[row] === hi;
  }

  setMac(row: number, hi: number, lo: number): void {
    this.macHi[row] = hi;
    this.macLo[row] = lo;
  }

  /** Addresses that count among those the port may hold. */
  heldBy(port: number): number {
    return this.#heldAt[port] ?? 0;
  }

  /** A row for an address that has none, or `NO_ROW` if there is no room. Expiry and MAC are the caller's to set. */
  add(kind: Kind, owner: number, port: number, frame: AddressedFrame, version: IpVersion, at: number): number {
    const isAssigned = kind === Kind.assigned;
    if (isAssigned ? this.#assigned >= this.#options.maxAssigned : this.#learned >= this.#options.capacity) {
      return NO_ROW;
    }
    const row = this.#index.add(frame.vlanId, version, frame.bytes, at);
    if (isAssigned) this.#assigned++;
    else this.#learned++;
    if (isCounted(kind)) this.#countAt(port, 1);
    this.kind[row] = kind;
    this.owner[row] = owner;
    this.port[row] = port;
    return row;
  }

  moveTo(row: number, port: number): void {
    if (isCounted(this.kind[row] as Kind)) {
      this.#countAt(this.port[row] as number, -1);
      this.#countAt(port, 1);
    }
    this.port[row] = port;
  }

  clear(row: number): void {
    const kind = this.kind[row] as Kind;
    if (kind === Kind.assigned) this.#assigned--;
    else this.#learned--;
    if (isCounted(kind)) this.#countAt(this.port[row] as number, -1);
    this.#index.remove(row);
  }

  /** Removes what has ended among the next `rows` rows, and goes round the table. */
  sweep(nowMs: number, rows: number): void {
    for (let step = Math.min(rows, this.usedRows); step > 0; step--) {
      if (this.#sweepAt >= this.usedRows) this.#sweepAt = 0;
      const row = this.#sweepAt++;
      if (this.isUsed(row) && !this.isLive(row, nowMs)) this.clear(row);
    }
  }

  /** Of one owner, or of all. */
  *entries(nowMs: number, owner?: number): Generator<Binding> {
    for (let row = 0; row < this.usedRows; row++) {
      if (!this.isUsed(row) || !this.isLive(row, nowMs)) continue;
      if (owner !== undefined && this.owner[row] !== owner) continue;
      const kind = this.kind[row] as Kind;
      yield {
        address: formatIpAddress(this.#index.addressOf(row)),
        vlanId: this.#index.vlanIdOf(row),
        kind: KIND_NAMES[kind],
        mac: kind === Kind.assigned ? undefined : formatMac(this.macHi[row] as number, this.macLo[row] as number),
        owner: this.owner[row] as number,
        leftMs: (this.expires[row] as number) - nowMs,
      };
    }
  }

  #countAt(port: number, change: number): void {
    this.#heldAt[port] = this.heldBy(port) + change;
  }
}

/** Whether an address is held by the port that learned it, and counts among those it may hold. */
export function isCounted(kind: Kind): boolean {
  return kind === Kind.claimed || kind === Kind.trusted;
}
