import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseBusyTicks,
  parseIoCalls,
  parseMemory,
  parseProcessTicks,
  parseStolenTicks,
  readProcessUsage,
} from "../../../lab/usage.ts";

test("processor time is found behind a program name with spaces and brackets", () => {
  const stat = "77 (a) R (b) S 1 77 77 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 100 1000 200";
  assert.equal(parseProcessTicks(stat), 300);
});

test("resident memory and its peak are read in bytes", () => {
  assert.deepEqual(parseMemory("Name:\tnode\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"), {
    residentBytes: 1_048_576,
    peakResidentBytes: 2_097_152,
  });
});

test("calls of read and write are added up", () => {
  assert.equal(parseIoCalls("rchar: 9\nwchar: 9\nsyscr: 30\nsyscw: 12\nread_bytes: 0\n"), 42);
});

test("busy time of the machine leaves out idle, waiting and stolen time", () => {
  assert.equal(parseBusyTicks("cpu  1 2 4 1000 1000 8 16 1000 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n"), 31);
});

test("stolen time of the machine is by itself", () => {
  assert.equal(parseStolenTicks("cpu  1 2 4 1000 1000 8 16 500 0 0\ncpu0 0 0 0 0 0 0 0 7 0 0\n"), 500);
});

test("the usage of this very process can be read", () => {
  const { cpuSeconds, residentBytes, peakResidentBytes } = readProcessUsage(process.pid);
  assert.ok(cpuSeconds >= 0);
  assert.ok(residentBytes > 1e6);
  assert.ok(peakResidentBytes >= residentBytes / 2);
});
