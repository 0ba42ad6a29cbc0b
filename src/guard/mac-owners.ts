import { Drop, type DropReason } from "../base/drop-reason.ts";
import { FDB_DEFAULTS } from "../switch/fdb.ts";
import type { FillRandom } from "./fill-random.ts";
import type { GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";
import { MacIndex, NO_ROW } from "./mac-index.ts";
import { NOBODY, type OwnerIds, UPLINK_OWNER } from "./owner-ids.ts";

/**
 * Whose a MAC address is, in one network: the user's that had it last.
 *
 *     free ──claim──► held by a port of its owner ──port left, or silent──► remembered ──macOwnershipMs──► free
 *                        ▲       another session of the same user             │
 *                        └────────────────────claim───────────────────────────┘
 *
 * A port's own MAC is pinned: held until the port leaves. One behind a bridge is held while its frames come. What the
 * uplink has is nobody else's; what is behind the uplink is remembered no longer than it is held.
 */
export interface MacOwnersDeps {
  readonly time: GuardTime;
  readonly owners: OwnerIds;
  readonly fillRandom: FillRandom;
}

export interface MacOwnersOptions {
  /** Most addresses. When all are taken, the longest remembered of a few makes way. */
  readonly capacity: number;
  /** Most addresses of one owner, remembered ones included, so that one user cannot use up the table. */
  readonly maxPerOwner: number;
}

export const MAC_OWNERS_DEFAULTS = { capacity: 65_536, maxPerOwner: 4_096 } as const;

/** Longer than the forwarding table remembers: what that knows at a port is held by that port. */
const SILENT_MS = 2 * FDB_DEFAULTS.agingMs;
/** Rows looked at for one that makes way: enough to find an old one, few enough for the frame path. */
const EVICTION_ROWS = 32;

const NO_PORT = -1;
const PINNED = Number.POSITIVE_INFINITY;

export class MacOwners {
  readonly #time: GuardTime;
  readonly #owners: OwnerIds;
  readonly #index: MacIndex;
  readonly #maxPerOwner: number;
  readonly #owner: Int32Array;
  /** The port that holds the address, or `NO_PORT`. */
  readonly #holder: Int32Array;
  /** Last frame in milliseconds; infinite while pinned. */
  readonly #seen: Float64Array;
  readonly #heldAt: number[] = [];
  readonly #macsOf: number[] = [];
  #isEnforced: boolean;
  #rememberMs: number;
  #sweepAt = 0;
  #evictAt = 0;

  constructor(deps: MacOwnersDeps, options: MacOwnersOptions, rules: GuardOptions) {
    this.#time = deps.time;
    this.#owners = deps.owners;
    this.#index = new MacIndex(options.capacity, deps.fillRandom);
    this.#maxPerOwner = options.maxPerOwner;
    this.#owner = new Int32Array(options.capacity);
    this.#holder = new Int32Array(options.capacity);
    this.#seen = new Float64Array(options.capacity);
    this.#isEnforced = rules.macOwnership;
    this.#rememberMs = rules.macOwnershipMs;
  }

  setOptions(rules: GuardOptions): void {
    this.#isEnforced = rules.macOwnership;
    this.#rememberMs = rules.macOwnershipMs;
  }

  /** Addresses that a port holds. */
  heldAt(port: number): number {
    return this.#heldAt[port] ?? 0;
  }

  /** Who keeps the address from `claimant`; `NOBODY` if nobody does. */
  rivalOf(hi: number, lo: number, claimant: number): number {
    if (!this.#isEnforced) return NOBODY;
    const row = this.#index.find(hi, lo);
    if (row === NO_ROW || this.#owner[row] === claimant || this.#isLapsed(row)) return NOBODY;
    return this.#owner[row] as number;
  }

  /** Whether the address is the owner's, in use or remembered. */
  isOwnedBy(hi: number, lo: number, owner: number): boolean {
    const row = this.#index.find(hi, lo);
    return row !== NO_ROW && this.#owner[row] === owner;
  }

  isHeldAt(hi: number, lo: number, port: number): boolean {
    const row = this.#index.find(hi, lo);
    return row !== NO_ROW && this.#holder[row] === port;
  }

  /** Whether another port than this one holds the address. */
  isHeldElsewhere(hi: number, lo: number, port: number): boolean {
    const row = this.#index.find(hi, lo);
    return row !== NO_ROW && this.#holder[row] !== NO_PORT && this.#holder[row] !== port;
  }

  /** Notes a frame from an address behind a bridge. */
  touch(hi: number, lo: number, port: number): void {
    const row = this.#index.find(hi, lo);
    if (row !== NO_ROW && this.#holder[row] === port && this.#seen[row] !== PINNED) this.#seen[row] = this.#time.nowMs;
  }

  /**
   * The address is used at a port of `owner` from now on; `isOwn`: it is the port's own. Drop.macNotYours if it is
   * another's, Drop.tooManyMacs if the owner has its share or the table is full of addresses in use.
   */
  claim(hi: number, lo: number, owner: number, port: number, isOwn: boolean): DropReason {
    const row = this.#index.find(hi, lo);
    if (row === NO_ROW) return this.#add(hi, lo, owner, port, isOwn);
    const before = this.#owner[row] as number;
    if (before !== owner && this.#isEnforced && !this.#isLapsed(row)) return Drop.macNotYours;
    // As in the forwarding table: a pinned address does not move by learning, and the uplink's not at all.
    const isUplinks = before === UPLINK_OWNER && owner !== UPLINK_OWNER;
    if (this.#seen[row] === PINNED && (isUplinks || !isOwn)) return Drop.none;
    if (before !== owner) {
      if (this.#hasShare(owner)) return Drop.tooManyMacs;
      this.#setOwner(row, owner);
    }
    this.#hold(row, port, isOwn);
    return Drop.none;
  }

  /** A port leaves: what it held is remembered. Walks the table if it held anything: not for a frame. */
  releasePort(port: number): void {
    for (let row = 0; row < this.#index.usedRows && this.heldAt(port) > 0; row++) {
      if (this.#owner[row] !== NOBODY && this.#holder[row] === port) this.#letGo(row);
    }
  }

  /** Lets go of what is silent and forgets what was remembered long enough, among the next `rows` rows. */
  sweep(rows: number): void {
    const used = this.#index.usedRows;
    for (let step = 0; step < Math.min(rows, used); step++) {
      this.#sweepAt = this.#sweepAt + 1 < used ? this.#sweepAt + 1 : 0;
      this.#age(this.#sweepAt);
    }
  }

  #age(row: number): void {
    if (this.#owner[row] === NOBODY) return;
    if (this.#isLapsed(row)) this.#remove(row);
    else if (this.#holder[row] !== NO_PORT && this.#time.nowMs - (this.#seen[row] as number) > SILENT_MS)
      this.#letGo(row);
  }

  #isLapsed(row: number): boolean {
    return this.#holder[row] === NO_PORT && this.#time.nowMs - (this.#seen[row] as number) > this.#rememberMs;
  }

  #hasShare(owner: number): boolean {
    return (this.#macsOf[owner] ?? 0) >= this.#maxPerOwner;
  }

  #add(hi: number, lo: number, owner: number, port: number, isOwn: boolean): DropReason {
    if (this.#hasShare(owner) || (this.#index.isFull && !this.#evict())) return Drop.tooManyMacs;
    const row = this.#index.add(hi, lo);
    this.#holder[row] = NO_PORT;
    this.#setOwner(row, owner);
    this.#hold(row, port, isOwn);
    return Drop.none;
  }

  /** Removes the longest remembered of the next few rows; false if all of them are held. */
  #evict(): boolean {
    let oldest = NO_ROW;
    for (let step = 0; step < EVICTION_ROWS; step++) {
      this.#evictAt = this.#evictAt + 1 < this.#index.usedRows ? this.#evictAt + 1 : 0;
      const row = this.#evictAt;
      if (this.#holder[row] !== NO_PORT) continue;
      if (oldest === NO_ROW || (this.#seen[row] as number) < (this.#seen[oldest] as number)) oldest = row;
    }
    if (oldest === NO_ROW) return false;
    this.#remove(oldest);
    return true;
  }

  #hold(row: number, port: number, isOwn: boolean): void {
    const before = this.#holder[row] as number;
    if (before !== NO_PORT) this.#heldAt[before] = this.heldAt(before) - 1;
    this.#heldAt[port] = this.heldAt(port) + 1;
    this.#holder[row] = port;
    this.#seen[row] = isOwn ? PINNED : this.#time.nowMs;
  }

  #letGo(row: number): void {
    const port = this.#holder[row] as number;
    this.#heldAt[port] = this.heldAt(port) - 1;
    this.#holder[row] = NO_PORT;
    if (this.#seen[row] === PINNED) this.#seen[row] = this.#time.nowMs;
    if (this.#owner[row] === UPLINK_OWNER) this.#remove(row);
  }

  #setOwner(row: number, owner: number): void {
    const before = this.#owner[row] as number;
    this.#owner[row] = owner;
    if (owner !== NOBODY) {
      this.#macsOf[owner] = (this.#macsOf[owner] ?? 0) + 1;
      this.#owners.retain(owner);
    }
    if (before === NOBODY) return;
    this.#macsOf[before] = (this.#macsOf[before] as number) - 1;
    this.#owners.release(before);
  }

  #remove(row: number): void {
    this.#setOwner(row, NOBODY);
    this.#index.remove(row);
  }
}
