import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EtherType,
  etherTypeOf,
  isBroadcastMac,
  isFloodedMulticast,
  isGroupMac,
  isZeroMac,
  networkHeaderOffset,
} from "../../../src/wire/ethernet.ts";
import { macParts, parseMac } from "../../../src/wire/mac.ts";

type MacTest = (hi: number, lo: number) => boolean;

function assertTrueFor(isKind: MacTest, yes: readonly string[], no: readonly string[]): void {
  for (const text of [...yes, ...no]) {
    const mac = parseMac(text);
    assert.ok(mac);
    const { hi, lo } = macParts(mac);
    assert.equal(isKind(hi, lo), yes.includes(text), text);
  }
}

test("only all zeros is the zero MAC", () => {
  assertTrueFor(isZeroMac, ["00:00:00:00:00:00"], ["00:00:00:00:00:01", "00:01:00:00:00:00", "00:00:80:00:00:00"]);
});

test("only all ones is the broadcast MAC", () => {
  assertTrueFor(isBroadcastMac, ["ff:ff:ff:ff:ff:ff"], ["fe:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:fe", "ff:ff:7f:ff:ff:ff"]);
});

test("the groups of IPv4 and IPv6 are flooded as multicast, as the original does, other groups are not", () => {
  const groups = ["01:00:5e:00:00:fb", "01:00:5e:ff:ff:ff", "33:33:00:00:00:01", "33:33:ff:12:34:56"];
  const others = ["01:80:c2:00:00:00", "01:00:5f:00:00:01", "01:00:0c:cc:cc:cc", "ff:ff:ff:ff:ff:ff"];
  assertTrueFor(isFloodedMulticast, groups, [...others, "02:00:5e:00:00:01", "00:00:5e:00:00:01", "33:32:00:00:00:01"]);
});

test("the first bit on the wire makes a group address", () => {
  assertTrueFor(isGroupMac, ["01:80:c2:00:00:00", "33:33:00:00:00:01", "ff:ff:ff:ff:ff:ff"], ["02:00:00:00:00:01"]);
});

const MACS = [0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a];
const FRAMES = [
  { name: "untagged", bytes: [...MACS, 0x08, 0x06], type: EtherType.arp },
  { name: "one 802.1Q tag", bytes: [...MACS, 0x81, 0x00, 0x00, 0x64, 0x08, 0x00], type: EtherType.ipv4 },
  {
    name: "802.1ad and 802.1Q tags",
    bytes: [...MACS, 0x88, 0xa8, 0x00, 0x0a, 0x81, 0x00, 0x00, 0x64, 0x86, 0xdd],
    type: EtherType.ipv6,
  },
  {
    name: "a third tag, which is payload",
    bytes: [...MACS, 0x88, 0xa8, 0x00, 0x0a, 0x81, 0x00, 0x00, 0x64, 0x81, 0x00],
    type: EtherType.vlan,
  },
  { name: "an 802.3 length", bytes: [...MACS, 0x00, 0x26], type: 0x26 },
];

for (const { name, bytes, type } of FRAMES) {
  test(`the network header is found behind ${name}, or not at all in a shorter frame`, () => {
    const embedded = Uint8Array.from([0xaa, ...bytes, 0x81, 0x00]);
    const end = 1 + bytes.length;
    assert.equal(networkHeaderOffset(embedded, 1, end), end);
    assert.equal(etherTypeOf(embedded, 1, end), type);
    for (let shorter = 1; shorter < end; shorter++) {
      assert.equal(networkHeaderOffset(embedded, 1, shorter), -1);
      assert.equal(etherTypeOf(embedded, 1, shorter), -1);
    }
  });
}
