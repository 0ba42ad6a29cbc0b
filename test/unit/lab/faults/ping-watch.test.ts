import assert from "node:assert/strict";
import { test } from "node:test";
import { lastAnsweredMs } from "../../../../lab/faults/ping-watch.ts";

const OUTPUT = `PING 10.78.0.1 (10.78.0.1) 56(84) bytes of data.
[1763874000.100000] 64 bytes from 10.78.0.1: icmp_seq=1 ttl=64 time=2.50 ms
[1763874001.250500] From 10.78.0.2 icmp_seq=2 Destination Host Unreachable
[1763874002.300000] 64 bytes from 10.78.0.1: icmp_seq=9 ttl=64 time=300 ms
`;

test("of a ping the last answer tells when its request was sent", () => {
  assert.equal(lastAnsweredMs(OUTPUT), 1_763_874_002_000);
  assert.equal(lastAnsweredMs(`${OUTPUT}[1763874003.000000] 64 bytes from 10.78.0.1: icmp_s`), 1_763_874_002_000);
  assert.equal(lastAnsweredMs(""), undefined);
});
