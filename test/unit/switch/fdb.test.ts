import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  FDB_DEFAULTS,
  ForwardingTable,
  type ForwardingTableOptions,
  Learned,
  NO_PORT,
} from "../../../src/switch/fdb.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";

const make = (options: Partial<ForwardingTableOptions> = {}): ForwardingTable =>
  new ForwardingTable({
    capacity: 4,
    maxLearnedPerPort: 4,
    maxPinned: 4,
    agingMs: FDB_DEFAULTS.agingMs,
    seed: 7,
    ...options,
  });

describe("forwarding table", () => {
  test("an address is unknown, learned, and found where it was last seen", () => {
    const table = make();
    assert.equal(table.lookup(0x0200, 1, 0), NO_PORT);
    assert.equal(table.learn(0x0200, 1, 3, 0), Learned.added);
    assert.equal(table.learn(0x0200, 1, 3, 1), Learned.known);
    assert.equal(table.learn(0x0200, 1, 5, 2), Learned.moved);
    assert.equal(table.lookup(0x0200, 1, 2), 5);
  });

  test("addresses that differ only in their first two or last four bytes are not confused", () => {
    const table = make();
    table.learn(0x0200, 1, 1, 0);
    table.learn(0x0201, 1, 2, 0);
    table.learn(0x0200, -1, 3, 0);
    assert.deepEqual([table.lookup(0x0200, 1, 0), table.lookup(0x0201, 1, 0), table.lookup(0x0200, -1, 0)], [1, 2, 3]);
  });

  test("a learned address is forgotten after 300 s of silence, and every frame renews it", () => {
    const table = make();
    table.learn(0x0200, 1, 3, 0);
    assert.equal(table.lookup(0x0200, 1, 300_000), 3);
    assert.equal(table.lookup(0x0200, 1, 300_001), NO_PORT);
    table.learn(0x0200, 1, 3, 200_000);
    assert.equal(table.lookup(0x0200, 1, 500_000), 3);
    assert.deepEqual(
      [...table.entries(500_000)],
      [{ mac: "02:00:00:00:00:01", port: 3, pinned: false, ageMs: 300_000 }],
    );
    assert.deepEqual([...table.entries(500_001)], []);
  });

  test("a pinned address neither ages nor moves by learning, but can be pinned elsewhere", () => {
    const table = make();
    table.pin(0x0200, 1, 3);
    assert.equal(table.learn(0x0200, 1, 5, 0), Learned.pinnedElsewhere);
    table.sweep(1e12, 1_000);
    assert.equal(table.lookup(0x0200, 1, 1e12), 3);
    assert.deepEqual([...table.entries(1e12)], [{ mac: "02:00:00:00:00:01", port: 3, pinned: true, ageMs: 0 }]);
    table.pin(0x0200, 1, 5);
    assert.equal(table.lookup(0x0200, 1, 0), 5);
  });

  test("a full table learns no more, still moves what it knows, and has room again after a sweep", () => {
    const table = make({ capacity: 2 });
    table.learn(0x0200, 1, 1, 0);
    table.learn(0x0200, 2, 1, 0);
    assert.equal(table.learn(0x0200, 3, 1, 0), Learned.full);
    assert.equal(table.lookup(0x0200, 3, 0), NO_PORT);
    assert.equal(table.learn(0x0200, 2, 9, 1), Learned.moved);
    table.sweep(300_001, 1_000);
    assert.equal(table.learned, 1);
    assert.equal(table.learn(0x0200, 3, 1, 300_001), Learned.added);
  });

  test("pinning a learned address frees its place among the learned", () => {
    const table = make({ capacity: 1 });
    table.learn(0x0200, 1, 1, 0);
    table.pin(0x0200, 1, 2);
    assert.equal(table.learned, 0);
    assert.equal(table.learn(0x0200, 2, 1, 0), Learned.added);
  });

  test("learning and looking up allocate nothing", () => {
    const table = make({ capacity: 1024 });
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        table.learn(0x0200, i & 1023, i & 3, 0);
        table.lookup(0x0200, i & 1023, 0);
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });

  test("no port learns more than its share, by new addresses or by moving others', and gets it back by forgetting", () => {
    const table = make({ capacity: 8, maxLearnedPerPort: 2 });
    assert.equal(table.learn(0x0200, 1, 1, 0), Learned.added);
    assert.equal(table.learn(0x0200, 2, 1, 0), Learned.added);
    assert.equal(table.learn(0x0200, 3, 1, 0), Learned.full);
    assert.equal(table.learn(0x0200, 4, 2, 0), Learned.added);
    assert.equal(table.learn(0x0200, 4, 1, 0), Learned.full);
    assert.equal(table.lookup(0x0200, 4, 0), 2);
    assert.equal(table.learn(0x0200, 1, 2, 0), Learned.moved);
    assert.equal(table.learn(0x0200, 3, 1, 0), Learned.added);
    table.forgetPort(1);
    assert.equal(table.learn(0x0200, 5, 1, 0), Learned.added);
    table.pin(0x0200, 5, 3);
    assert.equal(table.learn(0x0200, 6, 1, 0), Learned.added);
    assert.equal(table.learn(0x0200, 7, 1, 0), Learned.added);
  });
});
