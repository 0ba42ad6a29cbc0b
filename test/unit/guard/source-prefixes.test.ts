import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { MAX_SOURCE_PREFIXES, SourcePrefixes } from "../../../src/guard/source-prefixes.ts";
import { type IpPrefix, parseIpPrefix } from "../../../src/wire/ip-prefix.ts";
import { neighbour } from "./address-frames.ts";
import { arpFrame, ethernetFrame, headersOf, ipFrame } from "./packet-frames.ts";

function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

const own = new SourcePrefixes([prefix("10.1.0.0/16"), prefix("fd00:1::/32"), prefix("192.0.2.7")]);

function judge(frame: Uint8Array, prefixes = own): number {
  return prefixes.judge(headersOf(frame));
}

test("without prefixes any address may be used", () => {
  const any = new SourcePrefixes(undefined);
  for (const frame of [ipFrame({ from: "8.8.8.8" }), arpFrame("8.8.8.8", "10.1.0.1"), new Uint8Array(2)]) {
    assert.equal(judge(frame, any), Drop.none);
  }
});

test("packets from the prefixes pass, others do not, wherever they go", () => {
  for (const from of ["10.1.0.0", "10.1.255.255", "192.0.2.7"]) {
    assert.equal(judge(ipFrame({ from, to: "8.8.8.8" })), Drop.none);
    assert.equal(judge(arpFrame(from, "8.8.8.8")), Drop.none);
  }
  for (const from of ["10.2.0.0", "10.0.255.255", "192.0.2.6", "255.255.255.255", "224.0.0.1", "127.0.0.1"]) {
    assert.equal(judge(ipFrame({ from, to: "10.1.0.1" })), Drop.sourceIpDenied);
    assert.equal(judge(arpFrame(from, "10.1.0.1")), Drop.sourceIpDenied);
  }
  assert.equal(judge(ipFrame({ from: "fd00:1::5", to: "fd00:2::1" })), Drop.none);
  assert.equal(judge(ipFrame({ from: "fd00:2::5", to: "fd00:1::1" })), Drop.sourceIpDenied);
});

test("a prefix is of its own IP version only", () => {
  const all4 = new SourcePrefixes([prefix("0.0.0.0/0")]);
  const all6 = new SourcePrefixes([prefix("::/0")]);
  const [packet4, packet6] = [ipFrame({ from: "8.8.8.8" }), ipFrame({ from: "2001:db8::1", to: "fd00::1" })];
  assert.deepEqual([judge(packet4, all4), judge(packet6, all4)], [Drop.none, Drop.sourceIpDenied]);
  assert.deepEqual([judge(packet4, all6), judge(packet6, all6)], [Drop.sourceIpDenied, Drop.none]);
  assert.equal(judge(arpFrame("8.8.8.8", "8.8.8.9"), all6), Drop.sourceIpDenied);
});

test("unspecified and link-local addresses are always allowed, their neighbours are not", () => {
  const none = new SourcePrefixes([]);
  for (const from of ["0.0.0.0", "169.254.0.0", "169.254.255.255"]) {
    assert.equal(judge(ipFrame({ from }), none), Drop.none);
    assert.equal(judge(arpFrame(from, "10.0.0.1"), none), Drop.none);
  }
  for (const from of ["::", "fe80::1", "febf:ffff::1"]) {
    assert.equal(judge(ipFrame({ from, to: "ff02::1" }), none), Drop.none);
  }
  for (const from of ["0.0.0.1", "169.253.255.255", "169.255.0.0"]) {
    assert.equal(judge(ipFrame({ from }), none), Drop.sourceIpDenied);
  }
  for (const from of ["::1", "fe7f::1", "fec0::1"]) {
    assert.equal(judge(ipFrame({ from, to: "ff02::1" }), none), Drop.sourceIpDenied);
  }
});

test("fragments and packets with broken lengths are judged by the address they have", () => {
  assert.equal(judge(ipFrame({ from: "10.1.0.1", fragmentOffset: 5 })), Drop.none);
  assert.equal(judge(ipFrame({ from: "10.2.0.1", fragmentOffset: 5 })), Drop.sourceIpDenied);
  const broken = ipFrame({ from: "10.2.0.1" });
  broken[17] = 1;
  assert.equal(judge(broken), Drop.sourceIpDenied);
});

test("what is neither IP nor ARP passes, unless it may hide a source", () => {
  assert.equal(judge(ethernetFrame(0x88cc, [1, 2, 3])), Drop.none);
  assert.equal(judge(ethernetFrame(0x0026, [0x42, 0x42])), Drop.none);
  const snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45];
  assert.equal(judge(ethernetFrame(9, snap)), Drop.sourceIpDenied, "IPv4 behind SNAP");
  assert.equal(judge(ipFrame({ from: "10.1.0.1", tags: [0, 0, 0] })), Drop.sourceIpDenied, "three tags");
  assert.equal(judge(ipFrame({ from: "10.1.0.1" }).subarray(0, 33)), Drop.sourceIpDenied, "cut short");
  const otherVersion = ipFrame({ from: "10.1.0.1" });
  otherVersion[14] = 0x65;
  assert.equal(judge(otherVersion), Drop.sourceIpDenied);
});

test("ARP that is cut short or for other kinds of addresses does not pass", () => {
  const arp = arpFrame("10.1.0.1", "10.1.0.2");
  assert.equal(arp.length, 42);
  assert.equal(judge(arp), Drop.none);
  assert.equal(judge(Uint8Array.from([...arp, ...new Array<number>(18).fill(0)])), Drop.none, "padded");
  for (let length = 14; length < arp.length; length++) {
    assert.equal(judge(arp.subarray(0, length)), Drop.sourceIpDenied);
  }
  for (const at of [15, 16, 18, 19]) {
    const other = arp.slice();
    other[at] = 0x55;
    assert.equal(judge(other), Drop.sourceIpDenied);
  }
});

test("a neighbour advertisement tells no more than ARP may: its target counts as its source does", () => {
  const advertise = (source: string, target: string): Uint8Array =>
    neighbour({ from: "02:00:00:00:00:0a", type: 136, source, target });
  assert.equal(judge(advertise("fe80::a", "fd00:1::5")), Drop.none);
  assert.equal(judge(advertise("fe80::a", "fe80::a")), Drop.none);
  assert.equal(judge(advertise("fe80::a", "fd00:2::5")), Drop.sourceIpDenied);
  assert.equal(judge(advertise("fd00:2::5", "fd00:1::5")), Drop.sourceIpDenied);
  const cut = advertise("fe80::a", "fd00:1::5").slice(0, 14 + 40 + 23);
  cut[19] = 23;
  assert.equal(judge(cut), Drop.sourceIpDenied);
  const asked = neighbour({ from: "02:00:00:00:00:0a", type: 135, source: "fe80::a", target: "fd00:2::5" });
  assert.equal(judge(asked), Drop.none);
  const wanted = neighbour({ from: "02:00:00:00:00:0a", type: 135, source: "::", target: "fd00:2::5" });
  assert.equal(judge(wanted), Drop.sourceIpDenied);
});

test("more prefixes than a frame may be compared with are refused", () => {
  const many = (count: number): IpPrefix[] => new Array<IpPrefix>(count).fill(prefix("10.0.0.0/8"));
  assert.equal(judge(ipFrame({ from: "10.9.9.9" }), new SourcePrefixes(many(MAX_SOURCE_PREFIXES))), Drop.none);
  assert.throws(() => new SourcePrefixes(many(MAX_SOURCE_PREFIXES + 1)), ConfigError);
});
