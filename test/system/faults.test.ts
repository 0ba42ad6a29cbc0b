/** A short soak: real servers, clients, nginx and paths, thirty seeded faults; the long one is `npm run lab`. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runFaults } from "../../lab/faults/run-faults.ts";
import { Lab } from "../../lab/namespace.ts";
import { whyNoLab } from "../../lab/programs.ts";

const skip = await whyNoLab("nginx", "ping");

describe("faults", { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.open();
  });
  after(() => lab?.close());

  test("of all kinds are survived: traffic flows again, and the server has each client once", async (context) => {
    const report = await runFaults(lab, { count: 30, seed: 3, cells: 2, clientsPerCell: 4 });
    for (const { kind, recoveries, medianMs, worstMs } of report.kinds) {
      context.diagnostic(`${kind}: ${recoveries}, median ${medianMs} ms, worst ${worstMs} ms`);
    }
    assert.ok(report.faults >= 30);
    assert.deepEqual(report.leaks, []);
  });
});
