import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RoundTrip } from "../../../src/transport/round-trip.ts";

describe("round trip", () => {
  test("before the first sample a second is expected, and nothing known", () => {
    const roundTrip = new RoundTrip();
    assert.deepEqual([roundTrip.lastMs, roundTrip.leastMs], [undefined, undefined]);
    assert.deepEqual([roundTrip.smoothedMs, roundTrip.boundMs], [1_000, 1_000]);
  });

  test("is smoothed as RFC 6298 says", () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(40);
    // SRTT = R, RTTVAR = R / 2
    assert.deepEqual([roundTrip.smoothedMs, roundTrip.boundMs], [40, 40 + 4 * 20]);
    roundTrip.sample(80);
    // RTTVAR = 3/4 * 20 + 1/4 * |40 - 80|, SRTT = 7/8 * 40 + 1/8 * 80
    assert.deepEqual([roundTrip.smoothedMs, roundTrip.boundMs, roundTrip.lastMs], [45, 45 + 4 * 25, 80]);
  });

  test("knows the least of its last sixteen samples", () => {
    const roundTrip = new RoundTrip();
    for (const sample of [50, 7, ...Array(15).fill(60)]) roundTrip.sample(sample);
    assert.equal(roundTrip.leastMs, 7);
    roundTrip.sample(61);
    assert.equal(roundTrip.leastMs, 60);
  });
});
