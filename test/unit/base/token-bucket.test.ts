import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { TokenBucket } from "../../../src/base/token-bucket.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";

describe("token bucket", () => {
  test("gives the burst at once, then what comes with time", () => {
    const bucket = new TokenBucket(10, 3, 0);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => bucket.take(1, 0)),
      [true, true, true, false],
    );
    assert.equal(bucket.take(1, 99), false);
    assert.equal(bucket.take(1, 100), true);
    assert.equal(bucket.take(2, 200), false, "all or none");
    assert.equal(bucket.take(2, 300), true);
  });

  test("holds no more than the burst, however long nothing is taken", () => {
    const bucket = new TokenBucket(10, 3, 0);
    assert.equal(bucket.take(3, 0), true);
    assert.equal(bucket.take(3, 1e9), true);
    assert.equal(bucket.take(1, 1e9), false);
  });

  test("lets pass what is larger than the burst when it is full, and is in debt then", () => {
    const bucket = new TokenBucket(1_000, 100, 0);
    assert.equal(bucket.take(1_000, 0), true);
    assert.equal(bucket.take(1, 900), false);
    assert.equal(bucket.take(1, 901), true);
    assert.equal(bucket.take(1_000, 999), false, "not full");
    assert.equal(bucket.take(1_000, 1_001), true);
  });

  test("takes a time before the last one for the last one", () => {
    const bucket = new TokenBucket(10, 1, 1_000);
    assert.equal(bucket.take(1, 500), true);
    assert.equal(bucket.take(1, 1_099), false);
    assert.equal(bucket.take(1, 0), false);
    assert.equal(bucket.take(1, 1_100), true);
  });

  test("never gives more than burst and rate allow, nor less if asked often", () => {
    const waits = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 20, max: 100 }), waits, (rate, burst, steps) => {
        const bucket = new TokenBucket(rate, burst, 0);
        let [nowMs, given] = [0, 0];
        for (const waitMs of steps) {
          while (bucket.take(1, nowMs)) given++;
          nowMs += waitMs;
        }
        while (bucket.take(1, nowMs)) given++;
        const most = burst + (rate * nowMs) / 1000;
        assert.ok(given <= most + 1e-6 && given > most - 1 - 1e-6, `${given} of ${most}`);
      }),
      { numRuns: 200 },
    );
  });

  test("taking allocates nothing", () => {
    const bucket = new TokenBucket(333.3, 1_000, 0);
    let taken = 0;
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) if (bucket.take(1, i)) taken++;
    });
    assert.ok(taken > 0);
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });
});
