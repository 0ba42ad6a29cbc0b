import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fitConnections } from "../../../src/cli/descriptor-limit.ts";
import { RecordingLog } from "../../recording-log.ts";

/** As in /proc/self/limits. */
const limits = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max processes             62941                62941                processes
Max open files            ${soft.padEnd(20)} 1048576              files
`;

describe("descriptors", () => {
  for (const [soft, fitting] of [
    ["8320", 8192],
    ["1048576", 8192],
    ["unlimited", 8192],
  ] as const) {
    test(`of which there may be ${soft} are enough for 8192 connections`, () => {
      const log = new RecordingLog();
      assert.equal(fitConnections(log, 8192, limits(soft)), fitting);
      assert.deepEqual(log.lines, []);
    });
  }

  test("that are too few bound the connections, with a warning that says how many are needed", () => {
    const log = new RecordingLog();
    assert.equal(fitConnections(log, 8192, limits("1024")), 896);
    const [line] = log.of("process.descriptors");
    assert.deepEqual([line?.level, line?.fields], ["warn", { limit: 1024, connections: 896, wanted: 8192 }]);
    assert.match(line?.message ?? "", /1024 files open.*Raise the limit to 8320: LimitNOFILE=/);
    assert.equal(fitConnections(log, 8192, limits("100")), 16);
  });

  test("are counted for this process as well", () => {
    assert.equal(fitConnections(new RecordingLog(), 1), 1);
  });
});
