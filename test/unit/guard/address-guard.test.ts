import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AddressGuard } from "../../../src/guard/address-guard.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { PacketHeaders } from "../../../src/wire/packet-headers.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import {
  arp,
  dhcpFromClient,
  dhcpFromServer,
  ethernet,
  ipv4,
  ipv6,
  linkLayerOption,
  neighbour,
  neighbourMessage,
  tcp,
} from "./address-frames.ts";
import { GuardedLan } from "./guarded-lan.ts";

const [ALICE, BOB] = [10, 11];
const MAC_A = "02:00:00:00:00:0a";
const MAC_B = "02:00:00:00:00:0b";
const MORE_FRAGMENTS = 0x2000;

const packet = (from: string, source: string, fragment = 0): Uint8Array =>
  ipv4({ from, source, destination: "10.0.0.1", protocol: 6, payload: tcp(1234, 80), fragment });
const packetV6 = (from: string, source: string): Uint8Array =>
  ipv6({ from, source, destination: "fd00::1", nextHeader: 6, payload: tcp(1234, 80) });
const announcement = (from: string, senderIp: string): Uint8Array =>
  arp({ from, operation: "request", senderIp, targetIp: senderIp });
const icmp = (type: number): Uint8Array =>
  ipv4({
    from: MAC_B,
    source: "10.0.0.11",
    destination: "10.0.0.10",
    protocol: 1,
    payload: [type, 1, 0, 0, 0, 0, 0, 0],
  });

describe("router rule", () => {
  const advertisement = neighbour({ from: MAC_B, type: 134, source: "fe80::b", target: "::" });
  const redirect = neighbour({ from: MAC_B, type: 137, source: "fe80::b", target: "fd00::1" });

  test("router advertisements and redirects of both versions are dropped, but not from a port that may be a router", () => {
    const lan = new GuardedLan();
    const [peer, router] = [lan.join(BOB), lan.join(BOB, { router: true })];
    for (const frame of [advertisement, redirect, icmp(5), icmp(9)]) {
      assert.equal(peer.send(frame), "rogue-router");
      assert.equal(router.send(frame), "none");
      assert.equal(lan.join(BOB, { rogueRouter: false }).send(frame), "none");
    }
  });

  test("other ICMP passes, and a protocol's number of the other version means nothing", () => {
    const peer = new GuardedLan().join(BOB);
    for (const type of [0, 3, 8, 10, 11]) assert.equal(peer.send(icmp(type)), "none", `type ${type}`);
    const foreign = {
      from: MAC_B,
      source: "10.0.0.11",
      destination: "10.0.0.10",
      protocol: 58,
      payload: [134, 0, 0, 0],
    };
    assert.equal(peer.send(ipv4(foreign)), "none");
  });

  test("an advertisement is found behind extension headers, in an atomic fragment, in a VLAN and sent to one host", () => {
    const peer = new GuardedLan().join(BOB);
    const message = neighbourMessage({ from: MAC_B, type: 134, source: "fe80::b", target: "::" });
    const behind = (nextHeader: number, payload: readonly number[]): Uint8Array =>
      ipv6({ from: MAC_B, source: "fe80::b", destination: "fe80::a", nextHeader, payload, vlanId: 7 });
    const pad = [1, 4, 0, 0, 0, 0];
    assert.equal(peer.send(behind(58, message)), "rogue-router");
    assert.equal(peer.send(behind(0, [60, 0, ...pad, 60, 0, ...pad, 58, 0, ...pad, ...message])), "rogue-router");
    assert.equal(peer.send(behind(44, [58, 0, 0, 0, 0, 0, 0, 1, ...message])), "rogue-router");
  });

  test("an advertisement in fragments is dropped (RFC 6980, RFC 7113), with its header in the first one or not", () => {
    const peer = new GuardedLan().join(BOB);
    const message = neighbourMessage({ from: MAC_B, type: 134, source: "fe80::b", target: "::" });
    const fields = { from: MAC_B, source: "fe80::b", destination: "ff02::1", nextHeader: 44 };
    const fragment = (next: number, payload: readonly number[]): Uint8Array =>
      ipv6({ ...fields, payload: [next, 0, 0, 1, 0, 0, 0, 1, ...payload] });
    assert.equal(peer.send(fragment(58, message)), "unparsable");
    assert.equal(peer.send(fragment(60, [58, 0, 1, 4, 0, 0, 0, 0])), "unparsable");
    assert.equal(peer.send(fragment(58, [])), "unparsable");
  });
});

describe("header rule", () => {
  test("headers that do not parse are dropped: of another version, cut short, longer than the frame", () => {
    const peer = new GuardedLan().join(BOB);
    const whole = packet(MAC_B, "10.0.0.11");
    const wholeV6 = packetV6(MAC_B, "fd00::b");
    assert.equal(peer.send(whole), "none");
    assert.equal(peer.send(whole.with(14, 0x65)), "unparsable");
    assert.equal(peer.send(whole.with(14, 0x44)), "unparsable");
    assert.equal(peer.send(whole.subarray(0, 14 + 19)), "unparsable");
    assert.equal(peer.send(whole.subarray(0, whole.length - 1)), "unparsable");
    assert.equal(peer.send(wholeV6.with(14, 0x45)), "unparsable");
    assert.equal(peer.send(wholeV6.subarray(0, wholeV6.length - 1)), "unparsable");
    assert.equal(peer.send(ethernet(MAC_B, 0x8100, [0, 1])), "unparsable");
  });

  test("a first fragment that ends before its ports is dropped (RFC 1858), later ones and larger ones pass", () => {
    const peer = new GuardedLan().join(BOB);
    const fields = { from: MAC_B, source: "10.0.0.11", destination: "10.0.0.1", protocol: 6 };
    const tiny = ipv4({ ...fields, payload: [0, 80], fragment: MORE_FRAGMENTS });
    assert.equal(peer.send(tiny), "unparsable");
    assert.equal(peer.send(packet(MAC_B, "10.0.0.11", MORE_FRAGMENTS)), "none");
    assert.equal(peer.send(packet(MAC_B, "10.0.0.11", 3)), "none");
    const off = new GuardedLan().join(BOB, { unparsableHeaders: false });
    assert.equal(off.send(tiny), "none");
    assert.equal(off.send(ethernet(MAC_B, 0x0800, [0x45])), "none");
  });

  test("what belongs behind an ethertype is dropped behind SNAP (VU#855201), in a VLAN too; other LLC passes", () => {
    const peer = new GuardedLan().join(BOB);
    const snap = (oui: number, type: number): readonly number[] => [
      0xaa,
      0xaa,
      3,
      0,
      0,
      oui,
      type >> 8,
      type & 0xff,
      0x60,
    ];
    for (const type of [0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8]) {
      for (const oui of [0, 0xf8]) {
        assert.equal(peer.send(ethernet(MAC_B, 9, snap(oui, type))), "unparsable");
        assert.equal(peer.send(ethernet(MAC_B, 0x8100, [0, 0, 0, 9, ...snap(oui, type)])), "unparsable");
      }
    }
    // Cisco's discovery protocol, AppleTalk's address resolution, spanning tree, and SNAP cut short.
    assert.equal(peer.send(ethernet(MAC_B, 9, [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 0])), "none");
    assert.equal(peer.send(ethernet(MAC_B, 9, snap(0, 0x80f3))), "none");
    assert.equal(peer.send(ethernet(MAC_B, 3, [0x42, 0x42, 3])), "none");
    assert.equal(peer.send(ethernet(MAC_B, 9, snap(0, 0x86dd).slice(0, 7))), "none");
  });

  test("protocols without IP pass", () => {
    const peer = new GuardedLan().join(BOB);
    for (const type of [0x88cc, 0x0026, 0x88f7]) assert.equal(peer.send(ethernet(MAC_B, type, [1, 2, 3])), "none");
  });
});

describe("source rule", () => {
  test("a packet from another's address is dropped, every fragment of it too; from a free address it passes", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    alice.send(announcement(MAC_A, "10.0.0.10"));
    for (const fragment of [0, MORE_FRAGMENTS, 3]) {
      assert.equal(alice.send(packet(MAC_A, "10.0.0.10", fragment)), "none");
      assert.equal(bob.send(packet(MAC_B, "10.0.0.10", fragment)), "ip-spoof");
    }
    assert.equal(bob.send(packet(MAC_B, "192.0.2.1")), "none");
    assert.equal(lan.join(BOB, { ipSpoofing: false }).send(packet(MAC_B, "10.0.0.10")), "none");
  });

  test("of both versions, in the VLAN of the address only", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    alice.send(neighbour({ from: MAC_A, type: 136, source: "fe80::a", target: "fd00::a" }));
    assert.equal(bob.send(packetV6(MAC_B, "fd00::a")), "ip-spoof");
    assert.equal(alice.send(packetV6(MAC_A, "fd00::a")), "none");
    const tagged = {
      from: MAC_B,
      source: "fd00::a",
      destination: "fd00::1",
      nextHeader: 6,
      payload: tcp(1, 2),
      vlanId: 9,
    };
    assert.equal(bob.send(ipv6(tagged)), "none");
  });

  test("a flow is stopped as soon as its address is another's", () => {
    const lan = new GuardedLan();
    const alice = lan.join(ALICE);
    alice.send(announcement(MAC_A, "10.0.0.10"));
    assert.equal(alice.send(packet(MAC_A, "10.0.0.10")), "none");
    lan.bindings.assign(Uint8Array.of(10, 0, 0, 10), BOB);
    assert.equal(alice.send(packet(MAC_A, "10.0.0.10")), "ip-spoof");
  });

  test("a sender without an address passes, one with a group's or a loopback address does not", () => {
    const peer = new GuardedLan().join(BOB);
    assert.equal(peer.send(packet(MAC_B, "0.0.0.0")), "none");
    assert.equal(peer.send(packetV6(MAC_B, "::")), "none");
    for (const address of ["224.0.0.1", "255.255.255.255", "127.0.0.1"]) {
      assert.equal(peer.send(packet(MAC_B, address)), "ip-spoof", address);
    }
    for (const address of ["ff02::1", "::1"]) assert.equal(peer.send(packetV6(MAC_B, address)), "ip-spoof", address);
    assert.equal(peer.send(packetV6(MAC_B, "::100")), "none");
  });

  test("a router passes on the packets of its neighbours, but does not take their addresses", () => {
    const lan = new GuardedLan();
    lan.join(ALICE).send(announcement(MAC_A, "10.0.0.10"));
    const router = lan.join(BOB, { router: true });
    assert.equal(router.send(packet(MAC_B, "10.0.0.10")), "none");
    assert.equal(router.send(announcement(MAC_B, "10.0.0.10")), "arp-spoof");
  });

  test("a super-frame is judged like a small one", () => {
    const lan = new GuardedLan();
    lan.join(ALICE).send(announcement(MAC_A, "10.0.0.10"));
    const payload = [...tcp(1234, 80), ...new Array<number>(60_000).fill(0)];
    const fields = { from: MAC_B, destination: "10.0.0.1", protocol: 6, payload };
    const bob = lan.join(BOB);
    assert.equal(bob.send(ipv4({ ...fields, source: "10.0.0.10" })), "ip-spoof");
    assert.equal(bob.send(ipv4({ ...fields, source: "10.0.0.11" })), "none");
  });
});

describe("address guard", () => {
  test("judging and learning allocate nothing", () => {
    const { bindings } = new GuardedLan();
    const headers = new PacketHeaders();
    const attachment = { port: 5, owner: ALICE, bridge: false, dhcpServer: false, router: false, maxAddresses: 64 };
    const guard = new AddressGuard(bindings, GUARD_DEFAULTS, attachment);
    const advertised = { from: MAC_A, type: 136, source: "fe80::a", target: "fd00::a" } as const;
    const frames = [
      packet(MAC_A, "10.0.0.10"),
      packetV6(MAC_A, "fd00::a"),
      packet(MAC_A, "192.0.2.1"),
      announcement(MAC_A, "10.0.0.10"),
      neighbour({ ...advertised, options: linkLayerOption(2, MAC_A) }),
      dhcpFromClient({ from: MAC_A, type: 3, chaddr: MAC_A }),
      dhcpFromServer({ from: MAC_A, type: 5, chaddr: MAC_A, yiaddr: "10.0.0.20", leaseSeconds: 60 }),
    ];
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 70_000; i++) {
        const frame = frames[i % frames.length] as Uint8Array;
        headers.parse(frame, 0, frame.length);
        guard.inspect(headers, i >>> 4);
        guard.observe(headers, i >>> 4);
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 70,000 frames`);
  });
});
