import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DROP_NAMES, Drop, DropCounters, type DropReason } from "../../../src/base/drop-reason.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";

const reasons = Object.values(Drop);

describe("drop reasons", () => {
  test("every reason has a number of its own and a name that says the same", () => {
    assert.deepEqual(
      reasons,
      DROP_NAMES.map((_, i) => i),
    );
    const toKebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    assert.deepEqual(DROP_NAMES, Object.keys(Drop).map(toKebab));
  });

  test("counters add up, one per reason, and show those that are not zero", () => {
    const counters = new DropCounters();
    assert.deepEqual([counters.total, counters.toJSON()], [0, {}]);
    counters.add(Drop.runt);
    counters.add(Drop.egressFull, 3);
    counters.add(Drop.egressFull);
    assert.equal(counters.get(Drop.egressFull), 4);
    assert.equal(counters.get(Drop.loop), 0);
    assert.equal(counters.total, 5);
    assert.equal(JSON.stringify(counters), '{"runt":1,"egress-full":4}');
  });

  test("counters take over what others have counted", () => {
    const [counters, others] = [new DropCounters(), new DropCounters()];
    counters.add(Drop.runt, 2);
    others.add(Drop.runt);
    others.add(Drop.loop, 4);
    counters.addAll(others);
    counters.addAll(new DropCounters());
    assert.deepEqual([counters.total, counters.toJSON()], [7, { runt: 3, loop: 4 }]);
    assert.deepEqual(others.toJSON(), { runt: 1, loop: 4 });
  });

  test("counters do not stop at 32 bits, and counting allocates nothing", () => {
    const counters = new DropCounters();
    counters.add(Drop.runt, 2 ** 40);
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) counters.add((i % reasons.length) as DropReason);
    });
    assert.ok(growth < 50_000, `the heap grew by ${growth} bytes`);
    assert.ok(counters.get(Drop.runt) > 2 ** 40);
  });
});
