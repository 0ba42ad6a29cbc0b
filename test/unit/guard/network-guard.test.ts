import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { GUARD_DEFAULTS, GUARD_OFF } from "../../../src/guard/guard-options.ts";
import { type AclRule, DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { ethernet, type GuardedPort, GuardedSwitch } from "../../guarded-switch.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { dhcpFromClient } from "./address-frames.ts";

const SERVER = "02:00:00:00:00:01" as Mac;
const A = "02:00:00:00:00:0a" as Mac;
const B = "02:00:00:00:00:0b" as Mac;
const C = "02:00:00:00:00:0c" as Mac;
const BEHIND = "02:00:00:00:01:01" as Mac;
const UNKNOWN = "02:00:00:00:02:02" as Mac;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const HOUR_MS = 3_600_000;
/** From 10.0.0.10 to 10.0.0.12, port 1234 to 443. */
const TCP = "45000028000040004006000a0a00000a0a00000c04d201bb00000000000000005010ffff00000000";
const ARP_OF_A = "00010800060400010200000000 0a 0a00000a 000000000000 0a00000c".replaceAll(" ", "");
const ANY: AclRule = {
  action: "allow",
  direction: "both",
  ipVersion: undefined,
  protocol: undefined,
  source: [],
  destination: [],
  sourcePorts: [],
  destinationPorts: [],
};

/** A host tells everybody that it has an IPv4 address, given as hex. */
function arpClaim(mac: Mac, address: string): Buffer {
  return ethernet(BROADCAST, mac, `0806000108000604 0001${mac}${address}000000000000${address}`.replace(" ", ""));
}

describe("the guard of a network", () => {
  let net: GuardedSwitch;
  beforeEach(() => {
    net = new GuardedSwitch();
  });

  test("lets ordinary peers talk to each other, to the uplink and from there", () => {
    const uplink = net.addUplink(SERVER);
    const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B)];
    net.forward(a, ethernet(B, A));
    net.forward(b, ethernet(SERVER, B));
    net.forward(uplink, ethernet(A, SERVER));
    net.forward(uplink, ethernet(BROADCAST, SERVER));
    assert.deepEqual(
      [a, b, uplink].map(({ egress }) => egress.frames.length),
      [2, 2, 1],
    );
    assert.deepEqual(
      [a, b, uplink].map(({ port }) => port.ingressDrops.total),
      [0, 0, 0],
    );
  });

  describe("MAC addresses", () => {
    test("another user's claim is dropped, counted and told once; the owner's traffic goes on", () => {
      const a = net.addPeer("a", "ann", A);
      const [thief, b] = [net.addPeer("thief", "mallory", undefined), net.addPeer("b", "bob", B)];
      for (let i = 0; i < 3; i++) net.forward(thief, ethernet(B, A));
      assert.deepEqual(thief.port.ingressDrops.toJSON(), { "mac-not-yours": 3 });
      assert.equal(thief.port.ready, false);
      assert.deepEqual(net.told, [`thief refused ${A} of ann`]);
      net.forward(b, ethernet(A, B));
      assert.equal(a.egress.frames.length, 1);
    });

    test("a bridge cannot move another user's MAC behind itself, and nobody takes the uplink's", () => {
      const uplink = net.addUplink(SERVER);
      const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B)];
      const bridge = net.addPeer("bridge", "mallory", C, { bridge: true });
      net.forward(bridge, ethernet(BROADCAST, A));
      net.forward(bridge, ethernet(BROADCAST, SERVER));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "mac-not-yours": 2 });
      net.forward(b, ethernet(A, B));
      net.forward(b, ethernet(SERVER, B));
      assert.deepEqual(
        [a, uplink].map(({ egress }) => egress.frames.length),
        [1, 1],
      );
    });

    test("a new session of the same user has the MAC at once, and keeps it when the old one leaves", () => {
      const [old, b] = [net.addPeer("old", "ann", A), net.addPeer("b", "bob", B)];
      assert.equal(net.guard.mayClaim("ann", A), true);
      assert.equal(net.guard.mayClaim("bob", A), false);
      const again = net.addPeer("again", "ann", A);
      net.forward(again, ethernet(B, A));
      net.forward(b, ethernet(A, B));
      assert.deepEqual([old.egress.frames.length, again.egress.frames.length], [0, 1]);
      net.remove(old);
      net.pass(2 * HOUR_MS);
      assert.equal(net.guard.mayClaim("bob", A), false);
    });

    test("the older session has the MAC on when the newer one leaves first", () => {
      net.addPeer("old", "ann", A);
      net.remove(net.addPeer("again", "ann", A));
      net.pass(2 * HOUR_MS);
      assert.equal(net.guard.mayClaim("bob", A), false);
    });

    test("a MAC stays its user's for an hour after the last session", () => {
      net.remove(net.addPeer("a", "ann", A));
      net.pass(HOUR_MS);
      assert.equal(net.guard.mayClaim("bob", A), false);
      assert.equal(net.guard.mayClaim("ann", A), true);
      net.pass(1_000);
      assert.equal(net.guard.mayClaim("bob", A), true);
    });

    test("what is behind the uplink's bridge is not for peers", () => {
      const uplink = net.addUplink(SERVER, { bridge: true });
      const bridge = net.addPeer("bridge", "mallory", C, { bridge: true });
      net.forward(uplink, ethernet(BROADCAST, BEHIND));
      net.forward(bridge, ethernet(BROADCAST, BEHIND));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "mac-not-yours": 1 });
      assert.deepEqual(net.told, [`bridge refused ${BEHIND} of uplink`]);
    });

    test("a pinned peer's second MAC is refused before anything is learned from its frame", () => {
      const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B)];
      net.forward(a, arpClaim(UNKNOWN, "0a000009"));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "source-not-pinned": 1 });
      assert.equal(net.guard.mayClaim("bob", UNKNOWN), true);
      net.forward(b, arpClaim(B, "0a000009"));
      assert.equal(b.port.ingressDrops.total, 0);
    });

    test("what goes on to be used behind a bridge or the uplink stays theirs", () => {
      const uplink = net.addUplink(SERVER, { bridge: true });
      const bridge = net.addPeer("bridge", "ann", C, { bridge: true, maxMacs: 2 });
      for (let minute = 0; minute < 120; minute++) {
        net.forward(uplink, ethernet(BROADCAST, UNKNOWN));
        net.forward(bridge, ethernet(BROADCAST, BEHIND));
        net.pass(60_000);
      }
      net.forward(bridge, ethernet(BROADCAST, B));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "too-many-macs": 1 });
      assert.deepEqual(
        [UNKNOWN, BEHIND].map((mac) => net.guard.mayClaim("bob", mac)),
        [false, false],
      );
    });

    test("without the rule the last one who shows a MAC has it, but for the uplink's", () => {
      net = new GuardedSwitch({ macOwnership: false });
      net.addUplink(SERVER);
      const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B)];
      const thief = net.addPeer("thief", "mallory", A);
      net.forward(b, ethernet(A, B));
      assert.deepEqual(
        [a, thief].map(({ egress }) => egress.frames.length),
        [0, 1],
      );
      net.guard.setOptions(GUARD_DEFAULTS);
      assert.equal(net.guard.mayClaim("mallory", SERVER), false);
    });
  });

  describe("a bridge", () => {
    test("has as many MACs as the policy allows, and one that was silent long enough makes way", () => {
      const bridge = net.addPeer("bridge", "ann", C, { bridge: true, maxMacs: 3 });
      net.addPeer("b", "bob", B);
      for (let i = 0; i < 5; i++) net.forward(bridge, ethernet(B, `02:00:00:00:03:0${i}`));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "too-many-macs": 3 });
      net.pass(660_000);
      net.forward(bridge, ethernet(B, "02:00:00:00:03:04"));
      assert.equal(bridge.port.ingressDrops.total, 3);
    });

    test("has no more MACs than the policy allows when the guard is off", () => {
      net = new GuardedSwitch(GUARD_OFF);
      const bridge = net.addPeer("bridge", "ann", C, { bridge: true, maxMacs: 3 });
      net.addPeer("b", "bob", B);
      for (let i = 0; i < 5; i++) net.forward(bridge, ethernet(B, `02:00:00:00:03:0${i}`));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "too-many-macs": 3 });
    });

    test("shows new MACs no faster than its budget", () => {
      net = new GuardedSwitch({ newMacBudget: { perSecond: 1, burst: 2 } });
      const bridge = net.addPeer("bridge", "ann", C, { bridge: true });
      net.addPeer("b", "bob", B);
      for (let i = 0; i < 5; i++) net.forward(bridge, ethernet(B, `02:00:00:00:03:0${i}`));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "new-mac-rate": 3 });
      net.pass(1_000);
      net.forward(bridge, ethernet(B, "02:00:00:00:03:04"));
      assert.equal(bridge.port.ingressDrops.total, 3);
    });

    test("its user's MACs that are known already cost nothing of that budget, also while another session has them", () => {
      net = new GuardedSwitch({ newMacBudget: { perSecond: 1, burst: 2 } });
      net.addPeer("a", "ann", A);
      const [bridge, b] = [net.addPeer("bridge", "ann", C, { bridge: true }), net.addPeer("b", "bob", B)];
      for (let i = 0; i < 5; i++) net.forward(bridge, ethernet(B, A));
      net.forward(bridge, ethernet(B, BEHIND));
      assert.equal(bridge.port.ingressDrops.total, 0);
      assert.equal(b.egress.frames.length, 6);
    });

    test("a million random sources neither fill the tables nor disturb others", () => {
      const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B)];
      const bridge = net.addPeer("bridge", "mallory", C, { bridge: true });
      const bytes = ethernet(B, UNKNOWN);
      for (let i = 0; i < 1_000_000; i++) {
        bytes.writeUInt32BE(i, 8);
        net.forward(bridge, bytes);
      }
      assert.ok(bridge.port.ingressDrops.get(Drop.tooManyMacs) > 999_000);
      assert.ok([...net.lan.entries()].length < 300);
      net.forward(a, ethernet(B, A));
      assert.deepEqual(b.egress.frames.at(-1), ethernet(B, A));
    });
  });

  describe("rules", () => {
    test("only allowed MACs may be used, announced or shown by the first frame", () => {
      const a = net.addPeer("a", "ann", A, { macs: [B] });
      const silent = net.addPeer("silent", "ann", undefined, { macs: [B] });
      net.forward(a, ethernet(UNKNOWN, A));
      net.forward(silent, ethernet(UNKNOWN, C));
      for (const { port } of [a, silent]) assert.deepEqual(port.ingressDrops.toJSON(), { "mac-not-allowed": 1 });
      net.forward(silent, ethernet(UNKNOWN, B));
      assert.equal(silent.port.mac, B);
    });

    test("a reload stops MACs that are no longer allowed, learned and own ones, and keeps the rest", () => {
      const bridge = net.addPeer("bridge", "ann", C, { bridge: true });
      const b = net.addPeer("b", "bob", B);
      const all = [BEHIND, C, UNKNOWN];
      for (const mac of [...all, BEHIND]) net.forward(bridge, ethernet(B, mac));
      net.guard.guardPeer(bridge.port, "ann", { ...DEFAULT_PORT_RULES, bridge: true, macs: [UNKNOWN] });
      for (const mac of all) net.forward(bridge, ethernet(B, mac));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "mac-not-allowed": 2 });
      assert.equal(b.egress.frames.length, 5);
      net.guard.guardPeer(bridge.port, "ann", { ...DEFAULT_PORT_RULES, bridge: true });
      for (const mac of all) net.forward(bridge, ethernet(B, mac));
      assert.equal(b.egress.frames.length, 8);
    });

    test("isolation is the port's, and a reload can end it", () => {
      const uplink = net.addUplink(SERVER);
      const [a, b] = [net.addPeer("a", "ann", A, { isolated: true }), net.addPeer("b", "bob", B)];
      net.forward(a, ethernet(B, A));
      net.forward(a, ethernet(SERVER, A));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { isolated: 1 });
      net.guard.guardPeer(a.port, "ann", DEFAULT_PORT_RULES);
      net.forward(a, ethernet(B, A));
      assert.deepEqual(
        [uplink, b].map(({ egress }) => egress.frames.length),
        [1, 1],
      );
    });

    test("what a peer sends and is sent keeps to its rates", () => {
      const limit = { bytesPerSecond: 100, burstBytes: 40 };
      const a = net.addPeer("a", "ann", A, { up: limit });
      const b = net.addPeer("b", "bob", B, { down: { ...limit, burstBytes: 20 } });
      for (let i = 0; i < 3; i++) net.forward(a, ethernet(B, A));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "rate-up": 1 });
      assert.deepEqual(b.port.egressDrops.toJSON(), { "rate-down": 1 });
      net.guard.guardPeer(a.port, "ann", { ...DEFAULT_PORT_RULES, up: { ...limit } });
      net.forward(a, ethernet(B, A));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "rate-up": 2 }, "a reload gives no fresh burst");
      net.clock.advance(200);
      net.forward(a, ethernet(B, A));
      assert.equal(b.egress.frames.length, 2);
    });

    test("ethertypes are checked in both directions, and an access list where it has rules", () => {
      const a = net.addPeer("a", "ann", A, { etherTypes: [0x0800, 0x0806] });
      const b = net.addPeer("b", "bob", B);
      net.forward(a, ethernet(B, A));
      net.forward(b, ethernet(A, B));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "ethertype-denied": 1 });
      assert.deepEqual(a.port.egressDrops.toJSON(), { "ethertype-denied": 1 });
    });

    test("addresses of the policy are the user's as long as a session of it has them", () => {
      const address = Uint8Array.of(10, 0, 0, 1);
      const a = net.addPeer("a", "ann", A, { addresses: [address] });
      const b = net.addPeer("b", "bob", B);
      const claim = arpClaim(B, "0a000001");
      net.forward(b, claim);
      assert.deepEqual(b.port.ingressDrops.toJSON(), { "arp-spoof": 1 });
      net.guard.guardPeer(a.port, "ann", { ...DEFAULT_PORT_RULES, addresses: [address] });
      net.forward(b, claim);
      assert.deepEqual(b.port.ingressDrops.toJSON(), { "arp-spoof": 2 });
      net.remove(a);
      net.forward(b, claim);
      assert.equal(b.port.ingressDrops.get(Drop.arpSpoof), 2);
    });

    test("reserved addresses are their user's while nobody of him is here, in each of his VLANs", () => {
      const ann = { addresses: [Uint8Array.of(10, 0, 0, 1)], vlans: undefined };
      net.guard.reserve([{ owner: "ann", rules: ann }]);
      const b = net.addPeer("b", "bob", B);
      const claim = arpClaim(B, "0a000001");
      net.forward(b, claim);
      const a = net.addPeer("a", "ann", A, ann);
      net.forward(a, arpClaim(A, "0a000001"));
      assert.equal(a.port.ingressDrops.total, 0);
      net.remove(a);
      net.forward(b, claim);
      assert.deepEqual(b.port.ingressDrops.toJSON(), { "arp-spoof": 2 });
      const tagged = Buffer.from(claim.toString("hex").replace("0806", "8100000a0806"), "hex");
      net.guard.reserve([{ owner: "ann", rules: { ...ann, vlans: [10] } }]);
      net.forward(b, tagged);
      assert.equal(b.port.ingressDrops.get(Drop.arpSpoof), 3);
      net.guard.reserve([]);
      net.forward(b, claim);
      net.forward(b, tagged);
      assert.equal(b.port.ingressDrops.get(Drop.arpSpoof), 3);
    });

    test("what the uplink's LAN sends back of a peer's frames takes nothing from the peer", () => {
      const uplink = net.addUplink(SERVER, { bridge: true });
      const a = net.addPeer("a", "ann", A);
      const claim = arpClaim(A, "0a000009");
      for (let i = 0; i < 2; i++) {
        net.forward(a, claim);
        net.forward(uplink, claim);
      }
      assert.equal(a.port.ingressDrops.get(Drop.arpSpoof), 0);
      net.forward(uplink, arpClaim(UNKNOWN, "0a000009"));
      net.forward(a, claim);
      assert.equal(a.port.ingressDrops.get(Drop.arpSpoof), 1);
      net.remove(a);
      net.forward(uplink, arpClaim(A, "0a00000a"));
      const b = net.addPeer("b", "bob", B);
      net.forward(b, arpClaim(B, "0a00000a"));
      assert.equal(b.port.ingressDrops.get(Drop.arpSpoof), 1, "who has left a port may be on the LAN");
    });

    test("an address that a peer was the first to use is free when it has left", () => {
      const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B)];
      net.forward(a, arpClaim(A, "0a000009"));
      net.forward(b, arpClaim(B, "0a000009"));
      assert.deepEqual(b.port.ingressDrops.toJSON(), { "arp-spoof": 1 });
      net.remove(a);
      net.forward(b, arpClaim(B, "0a000009"));
      assert.equal(b.port.ingressDrops.get(Drop.arpSpoof), 1);
    });

    test("lists that are too long change nothing", () => {
      const sourcePrefixes = Array.from(
        { length: 10_000 },
        () => ({ version: 4, bytes: new Uint8Array(4), bits: 8 }) as const,
      );
      const a = net.addPeer("a", "ann", A, { etherTypes: [0x0800] });
      const tooMuch = { ...DEFAULT_PORT_RULES, sourcePrefixes };
      assert.throws(() => net.guard.guardPeer(a.port, "ann", tooMuch), ConfigError);
      net.forward(a, ethernet(BROADCAST, A));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "ethertype-denied": 1 });
      net.remove(a);
      const again = net.lan.attach({ name: "again", mac: A, bridge: false, egress: a.egress });
      assert.ok(again);
      assert.throws(() => net.guard.guardPeer(again, "ann", tooMuch), ConfigError);
      assert.equal(again.guard, undefined);
    });
  });

  describe("frames that go to many", () => {
    test("are dropped above the budgets of their kind, each with its reason; unicast goes on", () => {
      const budget = { perSecond: 1, burst: 2 };
      net = new GuardedSwitch({ broadcast: budget, multicast: budget, unknownUnicast: budget });
      const a = net.addPeer("a", "ann", A);
      const [b] = [net.addPeer("b", "bob", B), net.addPeer("bridge", "carol", C, { bridge: true })];
      for (const to of [BROADCAST, "01:00:5e:00:00:fb", UNKNOWN, B]) {
        for (let i = 0; i < 5; i++) net.forward(a, ethernet(to, A));
      }
      assert.deepEqual(a.port.ingressDrops.toJSON(), {
        "storm-broadcast": 3,
        "storm-multicast": 3,
        "storm-unknown": 3,
      });
      assert.equal(b.egress.frames.length, 2 + 2 + 5);
      net.clock.advance(1_000);
      net.forward(a, ethernet(BROADCAST, A));
      assert.equal(b.egress.frames.length, 10);
      net.guard.setOptions({ ...GUARD_DEFAULTS, stormControl: false });
      for (let i = 0; i < 10_000; i++) net.forward(a, ethernet(BROADCAST, A));
      assert.equal(b.egress.frames.length, 10_010);
    });

    test("to addresses that no bridge forwards are dropped, those behind are not", () => {
      const [a, b] = [net.addPeer("a", "ann", A), net.addPeer("b", "bob", B, { bridge: true })];
      for (const last of ["00", "0e", "0f", "10"]) net.forward(a, ethernet(`01:80:c2:00:00:${last}`, A));
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "reserved-destination": 3 });
      assert.equal(b.egress.frames.length, 1);
    });

    test("a group is no source", () => {
      const bridge = net.addPeer("bridge", "ann", A, { bridge: true });
      net.forward(bridge, ethernet(BROADCAST, "01:00:5e:00:00:01"));
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "source-invalid": 1 });
    });
  });

  test("DHCP in a super-frame is dropped, whatever its first segment says", () => {
    const a = net.addPeer("a", "ann", A);
    const header = Buffer.from("00050000000022000600", "hex");
    const bytes = Buffer.concat([header, dhcpFromClient({ from: A, type: 1, chaddr: A })]);
    const frame = new Frame(bytes);
    net.lan.forward(a.port, frame.set(bytes, header.length, bytes.length, false));
    assert.equal(a.port.ingressDrops.get(Drop.rogueDhcp), 0);
    net.lan.forward(a.port, frame.set(bytes, header.length, bytes.length, true));
    assert.equal(a.port.ingressDrops.get(Drop.rogueDhcp), 1);
  });

  test("a hundred thousand frames, good and bad, to and from all kinds of ports, are judged without allocating", () => {
    const acl = [{ ...ANY, action: "deny", destinationPorts: [{ from: 25, to: 25 }] } as const, ANY];
    const limit = { bytesPerSecond: 1_000, burstBytes: 1_000_000 };
    const rules = {
      acl,
      up: limit,
      down: limit,
      etherTypes: [0x0800, 0x0806],
      addresses: [Uint8Array.of(10, 0, 0, 10)],
    };
    const uplink = net.addUplink(SERVER, { bridge: true });
    const a = net.addPeer("a", "ann", A, rules);
    const bridge = net.addPeer("bridge", "carol", C, { bridge: true });
    const senders = [a, a, a, a, uplink, uplink, bridge, bridge, bridge, bridge, bridge];
    const frames = [
      ethernet(C, A, `0800${TCP}`),
      ethernet(BROADCAST, A, `0806${ARP_OF_A}`),
      ethernet(C, A, "86dd6000"),
      ethernet(C, B, "08004500"),
      ethernet(A, SERVER, `0800${TCP}`),
      ethernet(A, BEHIND, "0806"),
      ethernet(A, C, `0800${TCP}`),
      ethernet(A, UNKNOWN, "08004500"),
      ethernet(A, SERVER),
      ethernet("01:80:c2:00:00:00", C),
      ethernet(B, C),
    ];
    const frame = new Frame(new Uint8Array(0));
    for (const { egress } of [uplink, a, bridge]) Object.assign(egress, { deliver: () => Drop.none, flush: () => {} });
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        const bytes = frames[i % frames.length] as Buffer;
        net.lan.forward((senders[i % frames.length] as GuardedPort).port, frame.set(bytes, 0, bytes.length, false));
        if ((i & 63) === 63) net.lan.flush();
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
    for (const { port } of [a, bridge]) assert.ok(port.sentFrames > 10_000 && port.ingressDrops.total > 10_000);
  });

  test("a port that was released has no guard; releasing twice is harmless, also when its number is another's", () => {
    const a = net.addPeer("a", "ann", A);
    net.remove(a);
    const b = net.addPeer("b", "bob", B);
    assert.equal(b.port.index, a.port.index);
    net.guard.release(a.port);
    assert.equal(a.port.guard, undefined);
    const thief = net.addPeer("thief", "mallory", undefined);
    net.forward(thief, ethernet(BROADCAST, B));
    assert.deepEqual(thief.port.ingressDrops.toJSON(), { "mac-not-yours": 1 });
  });
});
