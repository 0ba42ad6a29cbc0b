import type { Clock } from "../base/clock.ts";
import type { Port } from "../switch/port.ts";
import type { PortRules } from "../switch/port-rules.ts";
import { formatMac, type Mac, macParts } from "../wire/mac.ts";
import { PacketHeaders } from "../wire/packet-headers.ts";
import type { Binding } from "./binding-table.ts";
import { BINDINGS_DEFAULTS, Bindings } from "./bindings.ts";
import type { FillRandom } from "./fill-random.ts";
import type { GuardOptions } from "./guard-options.ts";
import { GuardTime } from "./guard-time.ts";
import { type LoopEvents, LoopWatch } from "./loop-watch.ts";
import { MAC_OWNERS_DEFAULTS, MacOwners } from "./mac-owners.ts";
import { NOBODY, OwnerIds, UPLINK_OWNER } from "./owner-ids.ts";
import { PeerGuard, type PeerGuardDeps } from "./peer-guard.ts";
import { RefusedClaims } from "./refused-claims.ts";
import { UplinkGuard } from "./uplink-guard.ts";

/** What somebody should hear of. Calls come from the frame path, but seldom; they must not throw. */
export interface GuardEvents extends LoopEvents {
  /** A peer claims a MAC that is another owner's; `holder` is that owner's key, `who` the peer's. Told once a minute for each port and MAC. */
  onMacRefused(port: Port, mac: Mac, holder: string, who: string): void;
}

type AssignedAddresses = Pick<PortRules, "addresses" | "vlans">;

/** Addresses of an owner who may not be here. */
export interface Reservation {
  /** As `guardPeer` is given it. */
  readonly owner: string;
  readonly rules: AssignedAddresses;
}

const UNTAGGED: readonly number[] = [0];

export interface NetworkGuardDeps {
  readonly clock: Clock;
  readonly events: GuardEvents;
  /** The system's generator if it is not given. */
  readonly fillRandom?: FillRandom;
}

/** Rows of each table that a tick looks at: all of them in less than half a minute, a tick in less than a millisecond. */
const SWEEP_ROWS = 4_096;

/**
 * The guard of one network: what its ports have in common, and who is at which port. No timers of its own: the owner
 * calls `tick` about every second.
 *
 *     Port.guard ─► PeerGuard | UplinkGuard ─► one for all: MacOwners, Bindings, LoopWatch
 */
export class NetworkGuard {
  readonly #time: GuardTime;
  readonly #ids = new OwnerIds();
  readonly #refused: RefusedClaims;
  readonly #events: GuardEvents;
  readonly #parts: PeerGuardDeps;
  readonly #peers = new Map<Port, PeerGuard>();
  #options: GuardOptions;
  #reserved: readonly { readonly owner: number; readonly rules: AssignedAddresses }[] = [];

  constructor({ clock, events, fillRandom = systemRandom }: NetworkGuardDeps, options: GuardOptions) {
    const time = new GuardTime(clock);
    this.#time = time;
    this.#events = events;
    this.#options = options;
    this.#refused = new RefusedClaims(time, fillRandom);
    this.#parts = {
      time,
      owners: new MacOwners({ time, owners: this.#ids, fillRandom }, MAC_OWNERS_DEFAULTS, options),
      loops: new LoopWatch({ time, events, fillRandom }, options),
      bindings: new Bindings({ ...BINDINGS_DEFAULTS, seed: seedFrom(fillRandom) }),
      headers: new PacketHeaders(),
      onRefused: (port, hi, lo, rival) => this.#onRefused(port, hi, lo, rival),
    };
  }

  /** In force from the next frame on, at the ports that have a guard already too. */
  setOptions(options: GuardOptions): void {
    this.#options = options;
    this.#parts.owners.setOptions(options);
    this.#parts.loops.setOptions(options);
    for (const guard of this.#peers.values()) guard.setOptions(options);
  }

  /** Puts the uplink's guard into its port. Its MAC, and its IP addresses of 4 or 16 bytes, are nobody else's from now on. */
  guardUplink(port: Port, addresses: readonly Uint8Array[]): void {
    port.guard = new UplinkGuard(this.#parts, this.#parts.loops.watch(port, "uplink"), this.#options);
    for (const address of addresses) this.#parts.bindings.assign(address, UPLINK_OWNER);
  }

  /**
   * These addresses are these owners', whether they are here or not; replaces what was said before. The addresses of who
   * is here are its own anyway.
   */
  reserve(reservations: readonly Reservation[]): void {
    const before = this.#reserved;
    this.#reserved = reservations.map(({ owner, rules }) => ({ owner: this.#ids.acquire(owner), rules }));
    // First the new ones: an address in both stays assigned all the time.
    for (const { owner, rules } of this.#reserved) this.#assign(owner, rules);
    for (const { owner, rules } of before) {
      this.#unassign(owner, rules);
      this.#ids.release(owner);
    }
  }

  /**
   * Puts a guard into a peer's port, or other rules into the guard it has. `owner` is a key for who is behind the port: a
   * user, or what else is to be told from others; it stays the same while the port is there. Throws a ConfigError for
   * lists that are too long, and changes nothing then.
   */
  guardPeer(port: Port, owner: string, rules: PortRules): void {
    const guard = this.#peers.get(port);
    if (guard === undefined) this.#admit(port, owner, rules);
    else this.#change(guard, rules);
    port.isolated = rules.isolated;
  }

  /** The IP addresses that are a peer's owner's, or the uplink's, in no particular order; looks at the whole table. */
  addressesOf(port: Port): Iterable<Binding> {
    const owner = port.isUplink ? UPLINK_OWNER : this.#peers.get(port)?.owner;
    return owner === undefined ? [] : this.#parts.bindings.entries(this.#time.nowMs, owner);
  }

  /** Whether a port is shut for a while, because there is a loop behind it. */
  isShut(port: Port): boolean {
    return this.#parts.loops.isShut(port);
  }

  /** Whether a MAC that a peer announces may be its port's. */
  mayClaim(owner: string, mac: Mac): boolean {
    const { hi, lo } = macParts(mac);
    return this.#parts.owners.rivalOf(hi, lo, this.#ids.find(owner)) === NOBODY;
  }

  /** A peer's port leaves; it has no guard from now on. Idempotent. */
  release(port: Port): void {
    const guard = this.#peers.get(port);
    if (guard === undefined) return;
    const { owners, loops, bindings } = this.#parts;
    port.guard = undefined;
    this.#peers.delete(port);
    loops.unwatch(guard.watched);
    owners.releasePort(port.index);
    bindings.release(port.index);
    this.#unassign(guard.owner, guard.rules);
    this.#passOn(port, guard.owner);
    this.#ids.release(guard.owner);
  }

  tick(): void {
    this.#time.tick();
    this.#parts.owners.sweep(SWEEP_ROWS);
    this.#parts.bindings.sweep(this.#time.nowMs, SWEEP_ROWS);
    this.#refused.sweep();
    this.#parts.loops.tick();
  }

  #admit(port: Port, key: string, rules: PortRules): void {
    const owner = this.#ids.acquire(key);
    // A client that comes back has the MAC that it had; another one of the same user has another.
    const guard = this.#makeGuard(port, owner, rules, `${port.mac ?? "silent"} ${key}`);
    this.#assign(owner, rules);
    this.#peers.set(port, guard);
    port.guard = guard;
  }

  #makeGuard(port: Port, owner: number, rules: PortRules, who: string): PeerGuard {
    const watched = this.#parts.loops.watch(port, who);
    try {
      return new PeerGuard(this.#parts, watched, owner, rules, this.#options);
    } catch (error) {
      this.#parts.loops.unwatch(watched);
      this.#ids.release(owner);
      throw error;
    }
  }

  #change(guard: PeerGuard, rules: PortRules): void {
    const before = guard.rules;
    guard.setRules(rules);
    this.#assign(guard.owner, rules);
    this.#unassign(guard.owner, before);
  }

  /** In each VLAN that the owner may be in, as far as they are named: VLANs are networks of their own. */
  #assign(owner: number, { addresses, vlans = UNTAGGED }: AssignedAddresses): void {
    for (const address of addresses) for (const vlan of vlans) this.#parts.bindings.assign(address, owner, vlan);
  }

  #unassign(owner: number, { addresses, vlans = UNTAGGED }: AssignedAddresses): void {
    for (const address of addresses) for (const vlan of vlans) this.#parts.bindings.unassign(address, owner, vlan);
  }

  /** Where a user has another session with the MAC of one that left, the MAC stays in use. */
  #passOn(gone: Port, owner: number): void {
    if (!gone.ready) return;
    for (const [port, guard] of this.#peers) {
      if (guard.owner === owner && port.hasMac(gone.macHi, gone.macLo)) guard.claimOwnMac();
    }
  }

  #onRefused(port: Port, hi: number, lo: number, rival: number): void {
    if (!this.#refused.isNews(hi, lo, port.index)) return;
    const who = this.#peers.get(port)?.owner ?? NOBODY;
    this.#events.onMacRefused(port, formatMac(hi, lo), this.#ids.keyOf(rival), this.#ids.keyOf(who));
  }
}

function systemRandom(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes);
}

function seedFrom(fillRandom: FillRandom): number {
  const seed = new Uint32Array(1);
  fillRandom(new Uint8Array(seed.buffer));
  return seed[0] as number;
}
