import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AddressHolder } from "../../../src/guard/address-holder.ts";
import { BINDINGS_DEFAULTS, Bindings, type BindingsOptions } from "../../../src/guard/bindings.ts";
import { UPLINK_OWNER } from "../../../src/guard/owner-ids.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";

const [ALICE, BOB] = [10, 11];

const make = (options: Partial<BindingsOptions> = {}): Bindings =>
  new Bindings({ ...BINDINGS_DEFAULTS, capacity: 8, maxAssigned: 4, fewPerPort: 8, seed: 7, ...options });

/** A frame with source MAC 02:00:00:00:00:`mac` that speaks of 10.0.0.`host` at offset 14. */
const frameOf = (host: number, mac = host) => ({
  bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, mac, 0, 0, 10, 0, 0, host),
  start: 0,
  vlanId: 0,
});
const AT = 14;
const address = (host: number): Uint8Array => Uint8Array.of(10, 0, 0, host);
const boundBy = (bindings: Bindings): string[] =>
  [...bindings.entries(0)].map(({ address, kind, owner }) => `${address} ${kind} ${owner}`).sort();

describe("bindings", () => {
  test("when the table is full, an address is free for all, and counted; there is room again after a release", () => {
    const bindings = make({ capacity: 2 });
    const [alice, bob] = [new AddressHolder(1, ALICE, 8), new AddressHolder(2, BOB, 8)];
    for (const host of [1, 2, 3]) assert.equal(bindings.claim(alice, frameOf(host), 4, AT, 0), true);
    assert.equal(bindings.claim(bob, frameOf(3), 4, AT, 0), true);
    assert.deepEqual([bindings.learned, bindings.unbound], [2, 2]);
    bindings.release(1);
    assert.equal(bindings.learned, 0);
    assert.equal(bindings.claim(bob, frameOf(3), 4, AT, 0), true);
    assert.equal(bindings.use(alice, frameOf(3), 4, AT, 0), false);
  });

  test("the first addresses of a port have the second half of the table: ports with many leave it to them", () => {
    const bindings = make({ capacity: 8, fewPerPort: 2 });
    const greedy = new AddressHolder(1, ALICE, 8);
    for (const host of [1, 2, 3, 4, 5, 6]) bindings.claim(greedy, frameOf(host), 4, AT, 0);
    assert.deepEqual([bindings.learned, bindings.unbound], [4, 2]);
    const modest = new AddressHolder(2, BOB, 8);
    for (const host of [7, 8, 9]) bindings.claim(modest, frameOf(host), 4, AT, 0);
    assert.deepEqual([bindings.learned, bindings.unbound], [6, 3]);
    assert.equal(bindings.claim(greedy, frameOf(7), 4, AT, 0), false);
  });

  test("assigned addresses have room of their own", () => {
    const bindings = make({ capacity: 1, maxAssigned: 1 });
    bindings.claim(new AddressHolder(1, ALICE, 8), frameOf(1), 4, AT, 0);
    assert.equal(bindings.assign(address(2), BOB), true);
    assert.equal(bindings.assign(address(3), BOB), false);
    assert.equal(bindings.assign(address(2), BOB), true);
    assert.deepEqual([bindings.learned, bindings.unbound], [1, 1]);
  });

  test("an address stays assigned until its last session gives it back, and another user's giving back is nothing", () => {
    const bindings = make();
    bindings.assign(address(1), ALICE);
    bindings.assign(address(1), ALICE);
    bindings.unassign(address(1), ALICE);
    bindings.unassign(address(1), BOB);
    bindings.unassign(address(2), ALICE);
    assert.deepEqual(boundBy(bindings), ["10.0.0.1 assigned 10"]);
    bindings.unassign(address(1), ALICE);
    assert.deepEqual(boundBy(bindings), []);
  });

  test("what is the uplink's own is assigned to nobody else, and stays its own", () => {
    const bindings = make();
    assert.equal(bindings.assign(address(1), UPLINK_OWNER), true);
    assert.equal(bindings.assign(address(1), BOB), false);
    bindings.unassign(address(1), BOB);
    assert.deepEqual([boundBy(bindings), bindings.unbound], [[`10.0.0.1 assigned ${UPLINK_OWNER}`], 1]);
  });

  test("an address that is assigned anew is the new user's, in its VLAN", () => {
    const bindings = make();
    bindings.assign(address(1), ALICE);
    bindings.assign(address(1), ALICE, 7);
    bindings.assign(address(1), BOB);
    bindings.unassign(address(1), ALICE);
    assert.deepEqual(boundBy(bindings), ["10.0.0.1 assigned 10", "10.0.0.1 assigned 11"]);
    assert.equal(bindings.use(new AddressHolder(1, ALICE, 8), frameOf(1), 4, AT, 0), false);
    assert.equal(bindings.use(new AddressHolder(1, ALICE, 8), { ...frameOf(1), vlanId: 7 }, 4, AT, 0), true);
  });

  test("the uplink's word takes what was claimed or leased, not what is assigned, and what is its own it may lease", () => {
    const bindings = make();
    const [uplink, alice, server] = [
      new AddressHolder(0, 1, 8),
      new AddressHolder(1, ALICE, 8),
      new AddressHolder(2, BOB, 8),
    ];
    bindings.claim(alice, frameOf(1), 4, AT, 0);
    bindings.lease(uplink, frameOf(2, 0x99), AT, 6, 1_000, 0);
    bindings.assign(address(3), ALICE);
    for (const host of [1, 2, 3]) bindings.trust(uplink, frameOf(host, 0xff), 4, AT, 0);
    assert.deepEqual(boundBy(bindings), ["10.0.0.1 trusted 1", "10.0.0.2 trusted 1", "10.0.0.3 assigned 10"]);
    bindings.lease(server, frameOf(1), AT, 6, 1_000, 0);
    bindings.lease(uplink, frameOf(2, 0xff), AT, 6, 1_000, 0);
    assert.deepEqual(boundBy(bindings), ["10.0.0.1 trusted 1", "10.0.0.2 leased 0", "10.0.0.3 assigned 10"]);
  });

  test("a port that holds as many as it may leaves an address with the owner's other port", () => {
    const bindings = make();
    const [full, other] = [new AddressHolder(1, ALICE, 1), new AddressHolder(2, ALICE, 1)];
    bindings.claim(full, frameOf(1), 4, AT, 0);
    bindings.claim(other, frameOf(2), 4, AT, 0);
    assert.equal(bindings.use(full, frameOf(2), 4, AT, 0), true);
    bindings.release(2);
    assert.deepEqual(boundBy(bindings), ["10.0.0.1 claimed 10"]);
    assert.equal(bindings.use(other, frameOf(1), 4, AT, 0), true);
    bindings.release(1);
    assert.deepEqual(boundBy(bindings), ["10.0.0.1 claimed 10"]);
  });

  test("a sweep does a bounded part of the table at a time, and goes round", () => {
    const bindings = make();
    const alice = new AddressHolder(1, ALICE, 8);
    for (let host = 1; host <= 8; host++) bindings.claim(alice, frameOf(host), 4, AT, 0);
    bindings.sweep(600_000, 8);
    assert.equal(bindings.learned, 8);
    for (const left of [5, 2, 0]) {
      bindings.sweep(600_001, 3);
      assert.equal(bindings.learned, left);
    }
  });

  test("an entry shows the MAC that spoke, or that it was leased to, and how long it lasts", () => {
    const bindings = make();
    const alice = new AddressHolder(1, ALICE, 8);
    bindings.claim(alice, frameOf(1, 0xaa), 4, AT, 0);
    bindings.claim(alice, frameOf(1, 0xbb), 4, AT, 5);
    assert.deepEqual(
      [...bindings.entries(5)],
      [{ address: "10.0.0.1", vlanId: 0, kind: "claimed", mac: "02:00:00:00:00:bb", owner: ALICE, leftMs: 600_000 }],
    );
    bindings.assign(address(1), BOB);
    const [entry] = bindings.entries(5);
    assert.deepEqual([entry?.mac, entry?.leftMs], [undefined, Number.POSITIVE_INFINITY]);
  });

  test("using, claiming, moving and ending leases allocate nothing", () => {
    const bindings = make({ capacity: 1_024 });
    const holders = [
      new AddressHolder(1, ALICE, 100),
      new AddressHolder(2, ALICE, 100),
      new AddressHolder(3, BOB, 100),
    ];
    const frames = Array.from({ length: 64 }, (_, host) => frameOf(host));
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        const holder = holders[i % 3] as AddressHolder;
        const frame = frames[i & 63] as ReturnType<typeof frameOf>;
        bindings.use(holder, frame, 4, AT, i);
        bindings.claim(holder, frame, 4, AT, i);
        bindings.lease(holder, frame, AT, 6, 50, i);
        bindings.endLease(holder, frame, AT);
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });
});
