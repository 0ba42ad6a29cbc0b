import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReplies } from "../../../lab/ping-watch.ts";

const OUTPUT = `PING 10.78.0.1 (10.78.0.1) 56(84) bytes of data.
[1764000000.250000] 64 bytes from 10.78.0.1: icmp_seq=1 ttl=64 time=0.210 ms
[1764000001.000000] From 10.78.0.2 icmp_seq=2 Destination Host Unreachable
[1764000001.500000] 64 bytes from 10.78.0.1: icmp_seq=3 ttl=64 time=12 ms
`;

test("replies are read with the time they came, and nothing else is one", () => {
  assert.deepEqual(parseReplies(OUTPUT), [
    { sequence: 1, atMs: 1764000000250, rttMs: 0.21 },
    { sequence: 3, atMs: 1764000001500, rttMs: 12 },
  ]);
});
