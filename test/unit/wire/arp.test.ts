import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ARP_SENDER_IP, ARP_SENDER_MAC, isArpRequest, isIpv4Arp } from "../../../src/wire/arp.ts";
import { macHi, macLo } from "../../../src/wire/mac.ts";

/** A request as Linux sends it, without the Ethernet header and padding. */
// biome-ignore format: one field a line
const REQUEST = Uint8Array.from([
  0x00, 0x01,                         // hardware type: Ethernet
  0x08, 0x00,                         // protocol type: IPv4
  0x06,                               // hardware address length
  0x04,                               // protocol address length
  0x00, 0x01,                         // operation: request
  0x02, 0x42, 0x0a, 0x00, 0x00, 0x0a, // sender hardware address
  0x0a, 0x00, 0x00, 0x0a,             // sender protocol address: 10.0.0.10
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // target hardware address
  0x0a, 0x00, 0x00, 0x01,             // target protocol address: 10.0.0.1
]);

describe("ARP", () => {
  test("the sender's addresses lie where RFC 826 puts them", () => {
    assert.ok(isIpv4Arp(REQUEST, 0, REQUEST.length));
    assert.equal(macHi(REQUEST, ARP_SENDER_MAC), 0x0242);
    assert.equal(macLo(REQUEST, ARP_SENDER_MAC), 0x0a00000a);
    assert.deepEqual([...REQUEST.subarray(ARP_SENDER_IP, ARP_SENDER_IP + 4)], [10, 0, 0, 10]);
  });

  test("only operation 1 is a request", () => {
    assert.equal(isArpRequest(REQUEST, 0), true);
    assert.equal(isArpRequest(REQUEST.with(7, 2), 0), false);
    assert.equal(isArpRequest(REQUEST.with(6, 1), 0), false);
  });

  test("one that is cut short, or of other types and lengths, is none; padding does not matter", () => {
    const padded = Uint8Array.from([0xaa, ...REQUEST, ...new Array<number>(18).fill(0)]);
    assert.equal(isIpv4Arp(padded, 1, padded.length), true);
    for (let end = 1; end < 1 + REQUEST.length; end++) assert.equal(isIpv4Arp(padded, 1, end), false, `${end} bytes`);
    for (let at = 0; at < 6; at++) {
      const other = REQUEST.with(at, (REQUEST[at] as number) ^ 0x10);
      assert.equal(isIpv4Arp(other, 0, other.length), false, `byte ${at}`);
    }
  });
});
