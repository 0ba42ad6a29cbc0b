import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlows, parseIperf } from "../../../lab/iperf.ts";

test("a TCP report gives what the receiver got and the sender's retransmits", () => {
  const report = {
    end: {
      sum_sent: { bits_per_second: 9.1e9, bytes: 3_400_000_000, seconds: 3, retransmits: 12 },
      sum_received: { bits_per_second: 9e9, bytes: 3_375_000_000, seconds: 3 },
    },
  };
  assert.deepEqual(parseIperf(JSON.stringify(report)), {
    megabitsPerSecond: 9_000,
    bytes: 3_375_000_000,
    seconds: 3,
    retransmits: 12,
    lostFraction: 0,
  });
});

test("a UDP report counts what arrived, not what was sent", () => {
  const report = { end: { sum: { bits_per_second: 50e6, bytes: 6_250_000, seconds: 1, lost_percent: 20 } } };
  const throughput = parseIperf(JSON.stringify(report));
  assert.equal(throughput.megabitsPerSecond, 40);
  assert.equal(throughput.bytes, 5_000_000);
  assert.equal(throughput.lostFraction, 0.2);
});

test("iperf3's own error is passed on", () => {
  assert.throws(() => parseIperf('{"error":"unable to connect to server"}'), /unable to connect to server/);
});

test("a report without a sum is an error and not a zero", () => {
  assert.throws(() => parseIperf('{"end":{}}'), /no sum/);
});

test("the bytes of each flow in each second are read", () => {
  const intervals = [[5, 7].map((bytes) => ({ bytes })), [6, 0].map((bytes) => ({ bytes }))];
  const report = { intervals: intervals.map((streams) => ({ streams })), end: {} };
  assert.deepEqual(parseFlows(JSON.stringify(report)), [
    [5, 6],
    [7, 0],
  ]);
});
