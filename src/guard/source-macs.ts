import { Drop, type DropReason } from "../base/drop-reason.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Port } from "../switch/port.ts";
import type { PortRules } from "../switch/port-rules.ts";
import { type Mac, macParts } from "../wire/mac.ts";
import type { GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";
import type { LoopWatch } from "./loop-watch.ts";
import type { MacOwners } from "./mac-owners.ts";
import { NOBODY } from "./owner-ids.ts";
import type { WatchedPort } from "./watched-port.ts";

export interface SourceMacsDeps {
  readonly time: GuardTime;
  readonly owners: MacOwners;
  readonly loops: LoopWatch;
  /** A claim was refused because the MAC is `rival`'s. Called for each frame. */
  readonly onRefused: (port: Port, hi: number, lo: number, rival: number) => void;
}

/**
 * The source addresses of one port: which it may use, whose they are, how many and how fast new ones.
 *
 *     judge (each frame):  own MAC ─► pinned port ─► allowed by the policy ─► another's ─► noted as in use
 *     admit (new here):    how many ─► how fast ─► claim ─► did it flap
 */
export class SourceMacs {
  readonly #deps: SourceMacsDeps;
  readonly #port: Port;
  readonly #watched: WatchedPort;
  readonly #owner: number;
  #rules: PortRules;
  #options: GuardOptions;
  #newMacs: TokenBucket;
  /** High and low halves of the allowed addresses; undefined: any. */
  #allowed: Int32Array | undefined;
  /** What happens to frames from the port's own MAC. */
  #ownDrop: DropReason = Drop.none;
  /** The last source behind a bridge that was judged good, and when: most frames come from the same as the one before. */
  #goodHi = -1;
  #goodLo = 0;
  #goodMs = 0;

  constructor(deps: SourceMacsDeps, watched: WatchedPort, owner: number, rules: PortRules, options: GuardOptions) {
    this.#deps = deps;
    this.#watched = watched;
    this.#port = watched.port;
    this.#owner = owner;
    this.#rules = rules;
    this.#options = options;
    this.#allowed = halvesOf(rules.macs);
    this.#newMacs = newMacBucket(deps.time, options);
    this.claimOwn();
  }

  setRules(rules: PortRules): void {
    this.#rules = rules;
    this.#allowed = halvesOf(rules.macs);
    this.#goodHi = -1;
    this.claimOwn();
  }

  setOptions(options: GuardOptions): void {
    this.#options = options;
    this.#newMacs = newMacBucket(this.#deps.time, options);
    this.claimOwn();
  }

  /** Claims the port's own MAC, if it has one, and returns what happens to frames from it. */
  claimOwn(): DropReason {
    if (!this.#port.ready) return Drop.none;
    const { macHi, macLo } = this.#port;
    this.#ownDrop = this.#isAllowed(macHi, macLo) ? this.#claim(macHi, macLo, true) : Drop.macNotAllowed;
    return this.#ownDrop;
  }

  judge(hi: number, lo: number): DropReason {
    if (this.#port.hasMac(hi, lo)) return this.#ownDrop === Drop.none ? Drop.none : this.claimOwn();
    if (this.#port.ready && !this.#port.bridge) return Drop.sourceNotPinned;
    if (lo === this.#goodLo && hi === this.#goodHi && this.#goodMs === this.#deps.time.nowMs) return Drop.none;
    return this.#judgeAnew(hi, lo);
  }

  admit(hi: number, lo: number, knownAt: number): DropReason {
    if (!this.#deps.owners.isHeldAt(hi, lo, this.#port.index)) {
      const drop = this.#admitNew(hi, lo);
      if (drop !== Drop.none) return drop;
    }
    if (knownAt >= 0) this.#deps.loops.moved(hi, lo, knownAt, this.#watched);
    return Drop.none;
  }

  #judgeAnew(hi: number, lo: number): DropReason {
    if (!this.#isAllowed(hi, lo)) return Drop.macNotAllowed;
    const rival = this.#deps.owners.rivalOf(hi, lo, this.#owner);
    if (rival !== NOBODY) return this.#refuse(hi, lo, rival);
    this.#deps.owners.touch(hi, lo, this.#port.index);
    this.#goodHi = hi;
    this.#goodLo = lo;
    this.#goodMs = this.#deps.time.nowMs;
    return Drop.none;
  }

  #admitNew(hi: number, lo: number): DropReason {
    const isFull = this.#port.bridge && this.#deps.owners.heldAt(this.#port.index) >= this.#rules.maxMacs;
    if (isFull) return Drop.tooManyMacs;
    const isNew = !this.#deps.owners.isOwnedBy(hi, lo, this.#owner);
    if (isNew && this.#options.newMacs && !this.#newMacs.take(1, this.#deps.time.exactMs())) return Drop.newMacRate;
    return this.#claim(hi, lo, !this.#port.ready);
  }

  #claim(hi: number, lo: number, isOwn: boolean): DropReason {
    const drop = this.#deps.owners.claim(hi, lo, this.#owner, this.#port.index, isOwn);
    return drop === Drop.macNotYours ? this.#refuse(hi, lo, this.#deps.owners.rivalOf(hi, lo, this.#owner)) : drop;
  }

  #refuse(hi: number, lo: number, rival: number): DropReason {
    this.#deps.onRefused(this.#port, hi, lo, rival);
    return Drop.macNotYours;
  }

  /** The list is the policy's and does not grow by traffic. */
  #isAllowed(hi: number, lo: number): boolean {
    const allowed = this.#allowed;
    if (allowed === undefined) return true;
    for (let i = 0; i < allowed.length; i += 2) if (allowed[i + 1] === lo && allowed[i] === hi) return true;
    return false;
  }
}

function newMacBucket(time: GuardTime, { newMacBudget }: GuardOptions): TokenBucket {
  return new TokenBucket(newMacBudget.perSecond, newMacBudget.burst, time.exactMs());
}

function halvesOf(macs: readonly Mac[] | undefined): Int32Array | undefined {
  return macs && Int32Array.from(macs.map(macParts).flatMap(({ hi, lo }) => [hi, lo]));
}
