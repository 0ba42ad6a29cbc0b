import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePing, percentile } from "../../../lab/ping.ts";

const OUTPUT = `PING 10.78.0.1 (10.78.0.1) 56(84) bytes of data.
64 bytes from 10.78.0.1: icmp_seq=1 ttl=64 time=0.210 ms
64 bytes from 10.78.0.1: icmp_seq=2 ttl=64 time=0.075 ms
64 bytes from 10.78.0.1: icmp_seq=4 ttl=64 time=12 ms

--- 10.78.0.1 ping statistics ---
4 packets transmitted, 3 received, 25% packet loss, time 30ms
rtt min/avg/max/mdev = 0.075/4.095/12.000/5.590 ms
`;

test("every reply's time is read, and how many were sent and answered", () => {
  assert.deepEqual(parsePing(OUTPUT, 4), { sent: 4, received: 3, timesMs: [0.21, 0.075, 12] });
});

test("replies to requests that were sent beyond the count make up for none that is missing", () => {
  assert.deepEqual(parsePing(OUTPUT, 3), { sent: 3, received: 2, timesMs: [0.21, 0.075] });
});

test("errors of the network between the requests are counted neither as sent nor as received", () => {
  const output = `From 10.78.0.2 icmp_seq=1 Destination Host Unreachable
5 packets transmitted, 0 received, +1 errors, 100% packet loss, time 400ms`;
  assert.deepEqual(parsePing(output, 5), { sent: 5, received: 0, timesMs: [] });
});

test("a percentile is a value that was measured", () => {
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2);
  assert.equal(percentile([4, 1, 3, 2], 1), 4);
  assert.equal(percentile([4, 1, 3, 2], 0), 1);
  assert.equal(percentile([], 0.5), Number.NaN);
});
