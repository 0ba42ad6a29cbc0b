import assert from "node:assert/strict";
import { test } from "node:test";
import { finishSum, finishTransportSum, sumBytes } from "../../../src/wire/checksum.ts";

function viewOf(...bytes: number[]): DataView {
  return new DataView(Uint8Array.from(bytes).buffer);
}

test("the example of RFC 1071 section 3 sums to ddf2", () => {
  const view = viewOf(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  assert.equal(sumBytes(view, 0, 8, 0), 0xddf2);
  assert.equal(finishSum(0xddf2), 0x220d);
});

test("an odd last byte is the high half of a word", () => {
  assert.equal(sumBytes(viewOf(0x12, 0x34, 0x56), 0, 3, 0), 0x1234 + 0x5600);
});

test("an IPv4 header with its checksum in place sums to all ones", () => {
  const header = viewOf(
    ...[0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00], // version 4, 20 bytes; 115 bytes in all; DF
    ...[0x40, 0x11, 0xb8, 0x61], // TTL 64, UDP, checksum b861
    ...[0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7], // 192.168.0.1 to 192.168.0.199
  );
  assert.equal(sumBytes(header, 0, 20, 0), 0xffff);
  assert.equal(finishSum(sumBytes(header, 0, 10, 0) + sumBytes(header, 12, 20, 0)), 0xb861);
});

test("an empty span leaves the initial sum as it is", () => {
  assert.equal(sumBytes(viewOf(), 0, 0, 0xbeef), 0xbeef);
});

test("a transport checksum that comes out as zero is sent as its other form", () => {
  assert.equal(finishTransportSum(0x1_fffe), 0xffff);
  assert.equal(finishTransportSum(0x220d), 0xddf2);
});
