import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Footprint, growthOf } from "../../../../lab/faults/footprint.ts";

const MEBIBYTE = 1024 * 1024;
const summary = {
  name: "server",
  samples: 100,
  residentBytes: [60 * MEBIBYTE, 70 * MEBIBYTE],
  descriptors: [40, 44],
} as const;

describe("footprint", () => {
  test("what stays about as it was did not grow", () => {
    assert.deepEqual(growthOf(summary), []);
  });

  test("memory and descriptors that grow are named", () => {
    const leaking = { ...summary, residentBytes: [60 * MEBIBYTE, 90 * MEBIBYTE], descriptors: [40, 80] } as const;
    assert.deepEqual(growthOf(leaking), ["server grew by 30.0 MiB", "server has 40 descriptors more"]);
  });

  test("a short life tells nothing", () => {
    assert.deepEqual(growthOf({ ...summary, samples: 10, descriptors: [1, 1_000] }), []);
  });

  test("is sampled from a living process", () => {
    const footprint = new Footprint("us", process.pid);
    for (let i = 0; i < 8; i++) footprint.sample();
    const { samples, residentBytes, descriptors } = footprint.summary;
    assert.equal(samples, 8);
    assert.ok(residentBytes[1] > MEBIBYTE && descriptors[1] > 2);
  });
});
