import assert from "node:assert/strict";
import { test } from "node:test";
import { isOfTcpPort } from "../../../../lab/path/tcp-port.ts";

const MACS = "020000000001020000000002";

/** From 10.0.0.1 port 0x1234 to 10.0.0.2 port 0x0050, with four bytes of IPv4 options. */
const IPV4 = `${MACS} 0800 46000030 00000000 4006 0000 0a000001 0a000002 01010101 1234 0050 00000000`;
const IPV6 = `${MACS} 86dd 60000000 0014 06 40 ${"0".repeat(32)} ${"0".repeat(32)} 1234 0050 00000000`;

const bytesOf = (hex: string): Uint8Array => Buffer.from(`ffff${hex.replaceAll(" ", "")}`, "hex");

test("a frame is known by either port, over IPv4 and IPv6, wherever it lies", () => {
  for (const hex of [IPV4, IPV6]) {
    const bytes = bytesOf(hex);
    const found = [0x1234, 0x0050, 0x5012].map((port) => isOfTcpPort(bytes, 2, bytes.length, port));
    assert.deepEqual(found, [true, true, false]);
  }
});

test("what is not TCP, or too short to tell, is of no port", () => {
  const udp = bytesOf(IPV4.replace("4006", "4011"));
  assert.equal(isOfTcpPort(udp, 2, udp.length, 0x1234), false);
  const arp = bytesOf(IPV4.replace("0800", "0806"));
  assert.equal(isOfTcpPort(arp, 2, arp.length, 0x1234), false);
  const bytes = bytesOf(IPV4);
  for (let end = 2; end < 2 + 14 + 24 + 4; end++) assert.equal(isOfTcpPort(bytes, 2, end, 0x1234), false);
});
