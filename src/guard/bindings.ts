import type { IpVersion } from "../wire/ip-prefix.ts";
import { macHi, macLo } from "../wire/mac.ts";
import type { AddressHolder } from "./address-holder.ts";
import { type Binding, BindingTable, type BindingTableOptions, isCounted, Kind, NO_PORT } from "./binding-table.ts";
import { NO_ROW } from "./ip-index.ts";
import { type AddressedFrame, sourceHi, sourceLo } from "./ip-source.ts";
import { NOBODY, UPLINK_OWNER } from "./owner-ids.ts";

/**
 * Whose an IP address is, in one network. Four ways lead to an address; a later one of these takes it from an earlier:
 *
 *     claimed   a peer was the first to use it in ARP or neighbour discovery: until it is silent or its port leaves
 *     leased    a DHCP server acknowledged it to a MAC: until the lease ends, is released or declined. Nobody else can
 *               have it leased while a port uses it, because servers believe whatever client identifier they are shown
 *     trusted   the uplink asked its neighbours in its name: until it is silent, or leases it to somebody
 *     assigned  the policy gives it to a user, or it is the server's own: until it is taken back
 *
 * An owner is a user or the uplink (see owner-ids.ts); all ports of an owner share its addresses, so a new session has
 * them at once. An owner is noted only while a port of it has the address, because its number may be another's later.
 * A lease outlives its port: then it has no owner. Whoever has its MAC takes it up.
 *
 * An address that nobody has is free to use. So is one that found no room here: it is counted and not protected.
 */
export interface BindingsOptions extends BindingTableOptions {
  /** A claimed or trusted address that its owner did not use for this long is free. */
  readonly silenceMs: number;
  /** The first addresses of a port, for which the second half of the table is kept. */
  readonly fewPerPort: number;
  /** A lease is believed no longer, whatever it says. */
  readonly maxLeaseMs: number;
}

/**
 * 10 minutes: twice what the forwarding table remembers a silent MAC; a host with neighbours is asked more often than
 * that for its address. Four: a host with IPv4 and IPv6; so a few ports with many cannot take the protection of all.
 * A week: leases for ever are not renewed, and would fill the table for ever.
 */
export const BINDINGS_DEFAULTS = {
  capacity: 16_384,
  maxAssigned: 16_384,
  silenceMs: 600_000,
  fewPerPort: 4,
  maxLeaseMs: 604_800_000,
} as const;

const FOREVER = Number.POSITIVE_INFINITY;

export class Bindings {
  readonly #options: BindingsOptions;
  readonly #table: BindingTable;
  /** Claims, leases and assignments for which there was no room. */
  unbound = 0;

  constructor(options: BindingsOptions) {
    this.#options = options;
    this.#table = new BindingTable(options);
  }

  /** Addresses claimed, leased and trusted, those that ended but were not swept yet included. */
  get learned(): number {
    return this.#table.learned;
  }

  /** Whether the holder may use the address at `at`: it is its own, which keeps it alive, or nobody's. */
  use(holder: AddressHolder, frame: AddressedFrame, version: IpVersion, at: number, nowMs: number): boolean {
    const table = this.#table;
    let row = holder.lastRow;
    // A flow comes from one address: its row is looked at before the table is searched.
    if (row === NO_ROW || !table.holds(row, frame, version, at)) row = table.find(frame, version, at);
    if (row === NO_ROW || !table.isLive(row, nowMs)) return true;
    return this.#enter(row, holder, frame, nowMs);
  }

  /** As `use`, and if nobody has the address, it is the holder's from now on. */
  claim(holder: AddressHolder, frame: AddressedFrame, version: IpVersion, at: number, nowMs: number): boolean {
    const row = this.#table.findLive(frame, version, at, nowMs);
    if (row === NO_ROW) {
      this.#learn(Kind.claimed, holder, frame, version, at, nowMs);
      return true;
    }
    if (!this.#enter(row, holder, frame, nowMs)) return false;
    if (this.#table.kind[row] === Kind.claimed) this.#noteMac(row, frame);
    return true;
  }

  /** The uplink has said that the address at `at` is its own: it is, unless the policy assigns it to somebody. */
  trust(holder: AddressHolder, frame: AddressedFrame, version: IpVersion, at: number, nowMs: number): void {
    const row = this.#table.findLive(frame, version, at, nowMs);
    if (row !== NO_ROW) {
      const kind = this.#table.kind[row];
      if (kind === Kind.assigned) return;
      if (kind === Kind.trusted && this.#enter(row, holder, frame, nowMs)) return;
      this.#table.clear(row);
    }
    this.#learn(Kind.trusted, holder, frame, version, at, nowMs);
  }

  /**
   * `server` has given the IPv4 address at `at` to the MAC at `macAt`. Who has it keeps it if it has that MAC; if not,
   * it is somebody else's now. A lease that is in use, with another MAC, stays; what is trusted only its owner can give
   * away, what is assigned nobody.
   */
  lease(server: AddressHolder, frame: AddressedFrame, at: number, macAt: number, leaseMs: number, nowMs: number): void {
    const table = this.#table;
    const hi = macHi(frame.bytes, macAt);
    const lo = macLo(frame.bytes, macAt);
    const row = table.findLive(frame, 4, at, nowMs);
    if (row !== NO_ROW && (!this.#mayGive(row, server) || this.#isInUseByAnother(row, hi, lo))) return;
    const isKept = row !== NO_ROW && table.hasMac(row, hi, lo) && table.kind[row] !== Kind.trusted;
    const owner = isKept ? (table.owner[row] as number) : NOBODY;
    const port = isKept ? (table.port[row] as number) : NO_PORT;
    if (row !== NO_ROW) table.clear(row);
    const leased = this.#add(Kind.leased, owner, port, frame, 4, at);
    if (leased === NO_ROW) return;
    table.setMac(leased, hi, lo);
    table.expires[leased] = nowMs + Math.min(leaseMs, this.#options.maxLeaseMs);
  }

  /** The holder has given its lease of the IPv4 address at `at` back; of another's nothing is changed. */
  endLease(holder: AddressHolder, frame: AddressedFrame, at: number): void {
    const row = this.#table.find(frame, 4, at);
    if (row === NO_ROW || this.#table.kind[row] !== Kind.leased) return;
    if (this.#table.owner[row] === holder.owner) this.#table.clear(row);
  }

  /**
   * Gives an address, 4 or 16 bytes, to an owner, whoever had it; each session of a user may do so. False if it is the
   * server's own, or there was no room. The caller sees to it that the owner's number stays its own until the last `unassign`.
   */
  assign(address: Uint8Array, owner: number, vlanId = 0): boolean {
    const table = this.#table;
    const row = this.#findAddress(address, vlanId);
    if (this.#isAssignedTo(row, owner)) {
      table.assignments[row] = (table.assignments[row] as number) + 1;
      return true;
    }
    if (this.#isAssignedTo(row, UPLINK_OWNER)) {
      this.unbound++;
      return false;
    }
    if (row !== NO_ROW) table.clear(row);
    const frame = { bytes: address, start: 0, vlanId };
    const assigned = this.#add(Kind.assigned, owner, NO_PORT, frame, versionOf(address), 0);
    if (assigned === NO_ROW) return false;
    table.expires[assigned] = FOREVER;
    table.assignments[assigned] = 1;
    return true;
  }

  /** Takes one `assign` back. Does nothing if the address is not assigned to the owner. */
  unassign(address: Uint8Array, owner: number, vlanId = 0): void {
    const row = this.#findAddress(address, vlanId);
    if (!this.#isAssignedTo(row, owner)) return;
    const left = (this.#table.assignments[row] as number) - 1;
    this.#table.assignments[row] = left;
    if (left === 0) this.#table.clear(row);
  }

  /** A port leaves: what it claimed is free, its leases wait for their MAC. Walks the whole table. */
  release(port: number): void {
    const table = this.#table;
    for (let row = 0; row < table.usedRows; row++) {
      if (table.port[row] !== port || !table.isUsed(row)) continue;
      const kind = table.kind[row] as Kind;
      if (isCounted(kind)) table.clear(row);
      else {
        table.moveTo(row, NO_PORT);
        if (kind === Kind.leased) table.owner[row] = NOBODY;
      }
    }
  }

  /** Removes what has ended among the next `rows` rows; call it about every second. */
  sweep(nowMs: number, rows = 4096): void {
    this.#table.sweep(nowMs, rows);
  }

  /** The addresses bound now, of one owner or of all, in no particular order. */
  entries(nowMs: number, owner?: number): Iterable<Binding> {
    return this.#table.entries(nowMs, owner);
  }

  #findAddress(address: Uint8Array, vlanId: number): number {
    return this.#table.find({ bytes: address, start: 0, vlanId }, versionOf(address), 0);
  }

  #isAssignedTo(row: number, owner: number): boolean {
    return row !== NO_ROW && this.#table.kind[row] === Kind.assigned && this.#table.owner[row] === owner;
  }

  #mayGive(row: number, server: AddressHolder): boolean {
    const kind = this.#table.kind[row] as Kind;
    return kind <= Kind.leased || (kind === Kind.trusted && this.#table.owner[row] === server.owner);
  }

  #isInUseByAnother(row: number, hi: number, lo: number): boolean {
    const table = this.#table;
    return table.kind[row] === Kind.leased && table.owner[row] !== NOBODY && !table.hasMac(row, hi, lo);
  }

  /** Somebody uses an address that is bound: false if it is another's. */
  #enter(row: number, holder: AddressHolder, frame: AddressedFrame, nowMs: number): boolean {
    const table = this.#table;
    if (table.owner[row] !== holder.owner && !this.#takeUp(row, holder, frame)) return false;
    const kind = table.kind[row] as Kind;
    // A port that holds as many as it may leaves the address with the owner's other port.
    const hasRoom = !isCounted(kind) || table.heldBy(holder.port) < holder.maxAddresses;
    if (table.port[row] !== holder.port && hasRoom) table.moveTo(row, holder.port);
    if (isCounted(kind)) table.expires[row] = nowMs + this.#options.silenceMs;
    holder.lastRow = row;
    return true;
  }

  /** A lease is its who has the MAC. That is one user's at a time, but may come to another's bridge (see mac-owners.ts). */
  #takeUp(row: number, holder: AddressHolder, { bytes, start }: AddressedFrame): boolean {
    const table = this.#table;
    if (table.kind[row] !== Kind.leased) return false;
    if (!table.hasMac(row, sourceHi(bytes, start), sourceLo(bytes, start))) return false;
    table.owner[row] = holder.owner;
    return true;
  }

  #learn(
    kind: Kind,
    holder: AddressHolder,
    frame: AddressedFrame,
    version: IpVersion,
    at: number,
    nowMs: number,
  ): void {
    if (!this.#hasRoom(holder)) {
      this.unbound++;
      return;
    }
    const row = this.#add(kind, holder.owner, holder.port, frame, version, at);
    if (row === NO_ROW) return;
    this.#noteMac(row, frame);
    this.#table.expires[row] = nowMs + this.#options.silenceMs;
    holder.lastRow = row;
  }

  #hasRoom({ port, maxAddresses }: AddressHolder): boolean {
    const held = this.#table.heldBy(port);
    const { fewPerPort, capacity } = this.#options;
    return held < maxAddresses && (held < fewPerPort || this.#table.learned < capacity / 2);
  }

  #noteMac(row: number, { bytes, start }: AddressedFrame): void {
    this.#table.setMac(row, sourceHi(bytes, start), sourceLo(bytes, start));
  }

  #add(kind: Kind, owner: number, port: number, frame: AddressedFrame, version: IpVersion, at: number): number {
    const row = this.#table.add(kind, owner, port, frame, version, at);
    if (row === NO_ROW) this.unbound++;
    return row;
  }
}

function versionOf(address: Uint8Array): IpVersion {
  return address.length === 4 ? 4 : 6;
}
