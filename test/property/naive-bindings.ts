import type { AddressHolder } from "../../src/guard/address-holder.ts";
import { UPLINK_OWNER } from "../../src/guard/owner-ids.ts";

interface Row {
  kind: "claimed" | "leased" | "trusted" | "assigned";
  owner: number;
  /** Undefined: none. */
  port: number | undefined;
  mac: number | undefined;
  expires: number;
  assignments: number;
}

interface Limits {
  readonly capacity: number;
  readonly maxAssigned: number;
  readonly fewPerPort: number;
  readonly silenceMs: number;
  readonly maxLeaseMs: number;
}

const isHeld = ({ kind }: Row): boolean => kind === "claimed" || kind === "trusted";

/** The bindings read aloud: a Map from text to row. Keys are `address version vlanId`. */
export class NaiveBindings {
  readonly #rows = new Map<string, Row>();
  readonly #limits: Limits;
  unbound = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get learned(): number {
    return [...this.#rows.values()].filter(({ kind }) => kind !== "assigned").length;
  }

  use(holder: AddressHolder, key: string, mac: number, nowMs: number): boolean {
    const row = this.#rows.get(key);
    return row === undefined || row.expires < nowMs || this.#enter(row, holder, mac, nowMs);
  }

  claim(holder: AddressHolder, key: string, mac: number, nowMs: number): boolean {
    const row = this.#live(key, nowMs);
    if (row === undefined) {
      this.#learn("claimed", holder, key, mac, nowMs);
      return true;
    }
    const isOwn = this.#enter(row, holder, mac, nowMs);
    if (isOwn && row.kind === "claimed") row.mac = mac;
    return isOwn;
  }

  trust(holder: AddressHolder, key: string, mac: number, nowMs: number): void {
    const row = this.#live(key, nowMs);
    if (row?.kind === "assigned") return;
    if (row?.kind === "trusted" && this.#enter(row, holder, mac, nowMs)) return;
    this.#rows.delete(key);
    this.#learn("trusted", holder, key, mac, nowMs);
  }

  lease(server: AddressHolder, key: string, mac: number, leaseMs: number, nowMs: number): void {
    const row = this.#live(key, nowMs);
    if (row?.kind === "assigned" || (row?.kind === "trusted" && row.owner !== server.owner)) return;
    if (row?.kind === "leased" && row.owner !== 0 && row.mac !== mac) return;
    const isKept = row?.mac === mac && row.kind !== "trusted";
    this.#rows.delete(key);
    const expires = nowMs + Math.min(leaseMs, this.#limits.maxLeaseMs);
    const [owner, port] = row !== undefined && isKept ? [row.owner, row.port] : [0, undefined];
    this.#add(key, { kind: "leased", owner, port, mac, expires, assignments: 0 });
  }

  endLease(holder: AddressHolder, key: string): void {
    const row = this.#rows.get(key);
    if (row?.kind === "leased" && row.owner === holder.owner) this.#rows.delete(key);
  }

  assign(key: string, owner: number): boolean {
    const row = this.#rows.get(key);
    if (row?.kind === "assigned" && row.owner === owner) {
      row.assignments++;
      return true;
    }
    if (row?.kind === "assigned" && row.owner === UPLINK_OWNER) {
      this.unbound++;
      return false;
    }
    this.#rows.delete(key);
    const expires = Number.POSITIVE_INFINITY;
    return this.#add(key, { kind: "assigned", owner, port: undefined, mac: undefined, expires, assignments: 1 });
  }

  unassign(key: string, owner: number): void {
    const row = this.#rows.get(key);
    if (row?.kind !== "assigned" || row.owner !== owner) return;
    if (--row.assignments === 0) this.#rows.delete(key);
  }

  release(port: number): void {
    for (const [key, row] of this.#rows) {
      if (row.port !== port) continue;
      if (isHeld(row)) this.#rows.delete(key);
      row.port = undefined;
      if (row.kind === "leased") row.owner = 0;
    }
  }

  sweep(nowMs: number): void {
    for (const key of [...this.#rows.keys()]) this.#live(key, nowMs);
  }

  shown(nowMs: number): string[] {
    const live = [...this.#rows].filter(([, { expires }]) => expires >= nowMs);
    return live.map(([key, row]) => `${key} ${row.kind} ${row.mac} ${row.owner} ${row.expires - nowMs}`).sort();
  }

  #live(key: string, nowMs: number): Row | undefined {
    const row = this.#rows.get(key);
    if (row !== undefined && row.expires < nowMs) this.#rows.delete(key);
    return this.#rows.get(key);
  }

  #heldBy(port: number): number {
    return [...this.#rows.values()].filter((row) => isHeld(row) && row.port === port).length;
  }

  #enter(row: Row, holder: AddressHolder, mac: number, nowMs: number): boolean {
    if (row.kind === "leased" && row.mac === mac) row.owner = holder.owner;
    if (row.owner !== holder.owner) return false;
    const isMoved = row.port !== holder.port;
    if (isMoved && (!isHeld(row) || this.#heldBy(holder.port) < holder.maxAddresses)) row.port = holder.port;
    if (isHeld(row)) row.expires = nowMs + this.#limits.silenceMs;
    return true;
  }

  #learn(kind: "claimed" | "trusted", holder: AddressHolder, key: string, mac: number, nowMs: number): void {
    const { owner, port, maxAddresses } = holder;
    const held = this.#heldBy(port);
    const isModest = held < this.#limits.fewPerPort || this.learned < this.#limits.capacity / 2;
    if (held >= maxAddresses || !isModest) this.unbound++;
    else this.#add(key, { kind, owner, port, mac, expires: nowMs + this.#limits.silenceMs, assignments: 0 });
  }

  #add(key: string, row: Row): boolean {
    const assigned = [...this.#rows.values()].filter(({ kind }) => kind === "assigned").length;
    const isFull =
      row.kind === "assigned" ? assigned >= this.#limits.maxAssigned : this.learned >= this.#limits.capacity;
    if (isFull) this.unbound++;
    else this.#rows.set(key, row);
    return !isFull;
  }
}
