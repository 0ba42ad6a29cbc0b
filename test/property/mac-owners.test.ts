import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Drop, type DropReason } from "../../src/base/drop-reason.ts";
import { GUARD_DEFAULTS } from "../../src/guard/guard-options.ts";
import { GuardTime } from "../../src/guard/guard-time.ts";
import { MacOwners } from "../../src/guard/mac-owners.ts";
import { NOBODY, OwnerIds, UPLINK_OWNER } from "../../src/guard/owner-ids.ts";
import { FDB_DEFAULTS } from "../../src/switch/fdb.ts";
import { HandClock } from "../hand-clock.ts";
import { seededRandom } from "../seeded-random.ts";

interface Row {
  owner: number;
  holder: number | undefined;
  seenMs: number;
  isPinned: boolean;
}

const REMEMBER_MS = 3_600_000;
const SILENT_MS = 2 * FDB_DEFAULTS.agingMs;
const ALL_ROWS = 1_000;

/** The table read aloud: a Map from text to what is known. Too large to be ever full. */
class NaiveOwners {
  readonly rows = new Map<string, Row>();
  readonly #maxPerOwner: number;
  isEnforced = true;

  constructor(maxPerOwner: number) {
    this.#maxPerOwner = maxPerOwner;
  }

  heldAt(port: number): number {
    return [...this.rows.values()].filter(({ holder }) => holder === port).length;
  }

  rivalOf(mac: string, claimant: number, nowMs: number): number {
    const row = this.rows.get(mac);
    if (!this.isEnforced || row === undefined || row.owner === claimant || isLapsed(row, nowMs)) return NOBODY;
    return row.owner;
  }

  touch(mac: string, port: number, nowMs: number): void {
    const row = this.rows.get(mac);
    if (row?.holder === port) row.seenMs = nowMs;
  }

  claim(mac: string, owner: number, port: number, isOwn: boolean, nowMs: number): DropReason {
    const row = this.rows.get(mac);
    if (this.rivalOf(mac, owner, nowMs) !== NOBODY) return Drop.macNotYours;
    if (row?.isPinned && (!isOwn || (row.owner === UPLINK_OWNER && owner !== UPLINK_OWNER))) return Drop.none;
    const share = [...this.rows.values()].filter((other) => other.owner === owner).length;
    if (row?.owner !== owner && share >= this.#maxPerOwner) return Drop.tooManyMacs;
    this.rows.set(mac, { owner, holder: port, seenMs: nowMs, isPinned: isOwn });
    return Drop.none;
  }

  releasePort(port: number, nowMs: number): void {
    for (const [mac, row] of this.rows) if (row.holder === port) this.#letGo(mac, row, nowMs);
  }

  sweep(nowMs: number): void {
    for (const [mac, row] of this.rows) {
      if (isLapsed(row, nowMs)) this.rows.delete(mac);
      else if (row.holder !== undefined && !row.isPinned && nowMs - row.seenMs > SILENT_MS)
        this.#letGo(mac, row, nowMs);
    }
  }

  #letGo(mac: string, row: Row, nowMs: number): void {
    if (row.isPinned) row.seenMs = nowMs;
    row.isPinned = false;
    row.holder = undefined;
    if (row.owner === UPLINK_OWNER) this.rows.delete(mac);
  }
}

function isLapsed({ holder, seenMs }: Row, nowMs: number): boolean {
  return holder === undefined && nowMs - seenMs > REMEMBER_MS;
}

const PORTS = 4;
const USERS = ["ann", "bob", "uplink"];
/** Few addresses, so that they meet again; they differ in either half, in sign and in the byte that hashes last. */
const ADDRESSES = Array.from({ length: 12 }, (_, i) => ({
  hi: i % 3 === 0 ? 0x0200 : 0xfe00 + i,
  lo: (i % 2 === 0 ? i : i * 0x1357_9bdf) | 0,
}));

const mac = fc.nat(ADDRESSES.length - 1);
const port = fc.nat(PORTS - 1);
/** The last one stands for the uplink. */
const user = fc.nat(USERS.length);
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("claim" as const), mac, port, user, isOwn: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("touch" as const), mac, port }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), port }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("enforce" as const), isEnforced: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(1, SILENT_MS, SILENT_MS + 1, REMEMBER_MS, REMEMBER_MS + 1),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Comparison {
  readonly #clock = new HandClock();
  readonly #time = new GuardTime(this.#clock);
  readonly #ids = new OwnerIds();
  readonly #users = [...USERS.map((key) => this.#ids.acquire(key)), UPLINK_OWNER];
  readonly #fast: MacOwners;
  readonly #naive: NaiveOwners;

  constructor(seed: number, maxPerOwner: number) {
    const deps = { time: this.#time, owners: this.#ids, fillRandom: seededRandom(seed) };
    this.#fast = new MacOwners(deps, { capacity: ADDRESSES.length, maxPerOwner }, GUARD_DEFAULTS);
    this.#naive = new NaiveOwners(maxPerOwner);
  }

  take(one: Step): void {
    const { nowMs } = this.#time;
    if (one.kind === "wait") this.#wait(one.ms);
    else if (one.kind === "enforce") this.#enforce(one.isEnforced);
    else if (one.kind === "sweep") {
      this.#fast.sweep(ALL_ROWS);
      this.#naive.sweep(nowMs);
    } else if (one.kind === "release") {
      this.#fast.releasePort(one.port);
      this.#naive.releasePort(one.port, nowMs);
    } else this.#use(one);
    this.#check();
  }

  #use(one: Step & { readonly kind: "claim" | "touch" }): void {
    const { hi, lo } = ADDRESSES[one.mac] as (typeof ADDRESSES)[number];
    const { nowMs } = this.#time;
    if (one.kind === "touch") {
      this.#fast.touch(hi, lo, one.port);
      this.#naive.touch(String(one.mac), one.port, nowMs);
      return;
    }
    const owner = this.#users[one.user] as number;
    const expected = this.#naive.claim(String(one.mac), owner, one.port, one.isOwn, nowMs);
    assert.equal(this.#fast.claim(hi, lo, owner, one.port, one.isOwn), expected);
  }

  #wait(ms: number): void {
    this.#clock.advance(ms);
    this.#time.tick();
  }

  #enforce(macOwnership: boolean): void {
    this.#fast.setOptions({ ...GUARD_DEFAULTS, macOwnership });
    this.#naive.isEnforced = macOwnership;
  }

  #check(): void {
    for (let at = 0; at < PORTS; at++) assert.equal(this.#fast.heldAt(at), this.#naive.heldAt(at));
    for (const [i, { hi, lo }] of ADDRESSES.entries()) {
      for (const owner of this.#users) {
        const expected = this.#naive.rivalOf(String(i), owner, this.#time.nowMs);
        assert.equal(this.#fast.rivalOf(hi, lo, owner), expected, `address ${i}`);
      }
      for (let at = 0; at < PORTS; at++) {
        assert.equal(this.#fast.isHeldAt(hi, lo, at), this.#naive.rows.get(String(i))?.holder === at);
      }
    }
  }
}

describe("owners of MAC addresses", () => {
  test("are those that a Map would name, through claims, takeovers, departures, silence and sweeps", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(), fc.constantFrom(2, 5, 100), (steps, seed, share) => {
        const comparison = new Comparison(seed, share);
        for (const one of steps) comparison.take(one);
      }),
      { numRuns: 400 },
    );
  });
});
