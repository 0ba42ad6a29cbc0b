import assert from "node:assert/strict";
import { test } from "node:test";
import { FDB_DEFAULTS, ForwardingTable } from "../../../src/switch/fdb.ts";
import { formatMac } from "../../../src/wire/mac.ts";

/**
 * A table is walked in the order of its slots. Addresses that all want one slot lie behind each other in the order they
 * came; those that are spread lie in any order, and half of all neighbours are then the wrong way round.
 */
test("addresses that are chosen to collide are spread like any others", () => {
  for (const seed of [1, 0x5eed, 0xffffffff]) {
    const table = new ForwardingTable({ ...FDB_DEFAULTS, maxPinned: 1, seed });
    const arrival = new Map<string, number>();
    for (let i = 0; i < 2_000; i++) {
      // What a hash makes equal that mixes both halves with one multiplication.
      const [hi, lo] = [i << 1, Math.imul(i << 1, 0x9e3779b1)];
      table.learn(hi & 0xffff, lo, 0, 0);
      arrival.set(formatMac(hi & 0xffff, lo), i);
    }
    const order = [...table.entries(0)].map(({ mac }) => arrival.get(mac) ?? Number.NaN);
    assert.equal(order.length, 2_000);
    const inOrder = order.filter((one, i) => i > 0 && one > (order[i - 1] as number)).length;
    assert.ok(inOrder > 800 && inOrder < 1_200, `${inOrder} of 2000 neighbours lie in the order they came`);
  }
});
