import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AddressHolder } from "../../src/guard/address-holder.ts";
import { BINDINGS_DEFAULTS, Bindings } from "../../src/guard/bindings.ts";
import { IpIndex, NO_ROW } from "../../src/guard/ip-index.ts";
import { UPLINK_OWNER } from "../../src/guard/owner-ids.ts";
import { formatIpAddress } from "../../src/wire/ip-prefix.ts";
import { NaiveBindings } from "./naive-bindings.ts";

/** Few addresses, so that they meet again; of both versions, and alike in their first four bytes. */
const ADDRESSES = [
  [10, 0, 0, 1],
  [10, 0, 0, 2],
  [0xfd, 0, 0, 1],
  [0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
].map((bytes) => Uint8Array.from(bytes));
const CAPACITY = 6;
const MAX_ASSIGNED = 3;
const MAX_ADDRESSES = 2;
/** Ports 0 and 1 are one owner's, 3 is the uplink's. */
const OWNERS = [5, 5, 6, UPLINK_OWNER];
const ALL_ROWS = 100;

type Step =
  | {
      readonly kind: "use" | "claim" | "trust";
      readonly port: number;
      readonly ip: number;
      readonly vlanId: number;
      readonly mac: number;
    }
  | {
      readonly kind: "lease";
      readonly port: number;
      readonly ip: number;
      readonly vlanId: number;
      readonly mac: number;
    }
  | { readonly kind: "endLease"; readonly port: number; readonly ip: number; readonly vlanId: number }
  | { readonly kind: "assign" | "unassign"; readonly port: number; readonly ip: number; readonly vlanId: number }
  | { readonly kind: "release"; readonly port: number }
  | { readonly kind: "sweep" }
  | { readonly kind: "wait"; readonly ms: number };

const port = fc.nat(OWNERS.length - 1);
const ip = fc.nat(ADDRESSES.length - 1);
const vlanId = fc.constantFrom(0, 0, 0, 7);
const mac = fc.nat(2);
const kindOf = <K extends string>(...kinds: K[]) => fc.constantFrom(...kinds);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: kindOf("use", "claim", "claim", "trust"), port, ip, vlanId, mac }) },
  // Leases are of IPv4.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("lease" as const), port, ip: fc.nat(2), vlanId, mac }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("endLease" as const), port, ip: fc.nat(2), vlanId }) },
  { weight: 3, arbitrary: fc.record({ kind: kindOf("assign", "unassign"), port, ip, vlanId }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), port }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 30, 60, 100, 101) }) },
);

const OPTIONS = { capacity: CAPACITY, maxAssigned: MAX_ASSIGNED, silenceMs: 100, fewPerPort: 1, maxLeaseMs: 60 };
const IP_AT = 12;

/** Source MAC 02:00:00:00:00:`mac`, which is also the MAC at 6, and the address at 12. */
function frameOf(address: Uint8Array, vlanId: number, mac: number) {
  return { bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, mac, ...address), start: 0, vlanId };
}

/** Does one step to both and compares their answers. */
function take(one: Step, fast: Bindings, naive: NaiveBindings, holders: readonly AddressHolder[], nowMs: number): void {
  if (one.kind === "wait") return;
  if (one.kind === "sweep") {
    fast.sweep(nowMs, ALL_ROWS);
    naive.sweep(nowMs);
    return;
  }
  const holder = holders[one.port] as AddressHolder;
  if (one.kind === "release") {
    fast.release(one.port);
    naive.release(one.port);
    return;
  }
  const address = ADDRESSES[one.ip] as Uint8Array;
  const version = address.length === 4 ? 4 : 6;
  const frame = frameOf(address, one.vlanId, "mac" in one ? one.mac : 0);
  const key = `${formatIpAddress(address)} ${version} ${one.vlanId}`;
  switch (one.kind) {
    case "use":
      assert.equal(fast.use(holder, frame, version, IP_AT, nowMs), naive.use(holder, key, one.mac, nowMs));
      break;
    case "claim":
      assert.equal(fast.claim(holder, frame, version, IP_AT, nowMs), naive.claim(holder, key, one.mac, nowMs));
      break;
    case "trust":
      fast.trust(holder, frame, version, IP_AT, nowMs);
      naive.trust(holder, key, one.mac, nowMs);
      break;
    case "lease":
      fast.lease(holder, frame, IP_AT, 6, 50, nowMs);
      naive.lease(holder, key, one.mac, 50, nowMs);
      break;
    case "endLease":
      fast.endLease(holder, frame, IP_AT);
      naive.endLease(holder, key);
      break;
    case "assign":
      assert.equal(fast.assign(address, holder.owner, one.vlanId), naive.assign(key, holder.owner));
      break;
    case "unassign":
      fast.unassign(address, holder.owner, one.vlanId);
      naive.unassign(key, holder.owner);
      break;
  }
}

function shown(bindings: Bindings, nowMs: number): string[] {
  const texts = [...bindings.entries(nowMs)].map(
    ({ address, vlanId, kind, mac, owner, leftMs }) =>
      `${address} ${address.includes(":") ? 6 : 4} ${vlanId} ${kind} ${mac?.at(-1)} ${owner} ${leftMs}`,
  );
  return texts.sort();
}

describe("bindings", () => {
  test("answer as a Map would, through claims, leases, the uplink's word, assignments, silence and departures", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), fc.integer(), (steps, seed) => {
        const fast = new Bindings({ ...BINDINGS_DEFAULTS, ...OPTIONS, seed });
        const naive = new NaiveBindings(OPTIONS);
        const holders = OWNERS.map((owner, index) => new AddressHolder(index, owner, MAX_ADDRESSES));
        let nowMs = 0;
        for (const one of steps) {
          if (one.kind === "wait") nowMs += one.ms;
          take(one, fast, naive, holders, nowMs);
          assert.deepEqual(shown(fast, nowMs), naive.shown(nowMs));
          assert.deepEqual([fast.learned, fast.unbound], [naive.learned, naive.unbound]);
        }
      }),
      { numRuns: 600 },
    );
  });
});

describe("IP index", () => {
  test("keeps probe runs whole when they wrap round the end of the table, and uses freed rows again", () => {
    // 16 slots and 8 members: with so many seeds some run crosses the end.
    const some = Array.from({ length: 8 }, (_, i) => Uint8Array.of(10, 0, 0, i));
    for (let seed = 0; seed < 1_000; seed++) {
      const index = new IpIndex(8, seed);
      const rows = some.map((address) => index.add(0, 4, address, 0));
      assert.deepEqual([...rows].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
      for (const [i, row] of rows.entries()) if (i % 2 === seed % 2) index.remove(row);
      for (const [i, row] of rows.entries()) {
        const expected = i % 2 === seed % 2 ? NO_ROW : row;
        assert.equal(index.find(0, 4, some[i] as Uint8Array, 0), expected, `seed ${seed}, address ${i}`);
      }
      const again = some.filter((_, i) => i % 2 === seed % 2).map((address) => index.add(9, 4, address, 0));
      assert.deepEqual(again.sort(), rows.filter((_, i) => i % 2 === seed % 2).sort());
      assert.equal(index.usedRows, 8);
    }
  });

  test("tells addresses apart that differ in any one byte, in their version or in their VLAN", () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(address, fc.nat(15), fc.integer({ min: 1, max: 255 }), fc.integer(), (bytes, at, change, seed) => {
        const index = new IpIndex(4, seed);
        const row = index.add(5, 6, bytes, 0);
        const other = bytes.with(at, (bytes[at] as number) ^ change);
        assert.equal(index.find(5, 6, bytes, 0), row);
        assert.equal(index.find(5, 6, other, 0), NO_ROW);
        assert.equal(index.find(5, 4, bytes, 0), NO_ROW);
        assert.equal(index.find(5 + 256, 6, bytes, 0), NO_ROW);
        assert.equal(index.holds(row, 5, 6, other, 0), false);
        assert.deepEqual(index.addressOf(row), bytes);
      }),
    );
  });
});
