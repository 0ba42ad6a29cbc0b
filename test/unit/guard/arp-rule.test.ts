import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arp, ethernet, ipv4, tcp } from "./address-frames.ts";
import { GuardedLan } from "./guarded-lan.ts";

const [ALICE, BOB, UPLINK] = [10, 11, 1];
const MAC_A = "02:00:00:00:00:0a";
const MAC_B = "02:00:00:00:00:0b";
const MAC_U = "02:00:00:00:00:01";

const request = (from: string, senderIp: string, targetIp = "10.0.0.99", vlanId?: number): Uint8Array =>
  arp({ from, operation: "request", senderIp, targetIp, ...(vlanId === undefined ? {} : { vlanId }) });
const reply = (from: string, senderIp: string): Uint8Array =>
  arp({ from, operation: "reply", senderIp, targetIp: "10.0.0.99" });
const packet = (from: string, source: string): Uint8Array =>
  ipv4({ from, source, destination: "10.0.0.1", protocol: 6, payload: tcp(1234, 80) });

describe("ARP rule: neighbours that mean well", () => {
  test("the first that uses an address has it", () => {
    const lan = new GuardedLan();
    assert.equal(lan.join(ALICE).send(request(MAC_A, "10.0.0.10")), "none");
    assert.deepEqual(lan.bound, ["10.0.0.10 claimed 10"]);
  });

  test("a probe asks whether an address is free, also one that somebody has, and takes none", () => {
    const lan = new GuardedLan();
    assert.equal(lan.join(ALICE).send(request(MAC_A, "10.0.0.10")), "none");
    assert.equal(lan.join(BOB).send(request(MAC_B, "0.0.0.0", "10.0.0.10")), "none");
    assert.deepEqual(lan.bound, ["10.0.0.10 claimed 10"]);
  });

  test("a host announces its own address, and defends it against a second one (RFC 5227)", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    assert.equal(alice.send(request(MAC_A, "10.0.0.10", "10.0.0.10")), "none");
    assert.equal(bob.send(request(MAC_B, "10.0.0.10", "10.0.0.10")), "arp-spoof");
    assert.equal(alice.send(request(MAC_A, "10.0.0.10", "10.0.0.10")), "none");
    assert.equal(alice.send(reply(MAC_A, "10.0.0.10")), "none");
  });

  test("a host moves to another address; the old one is free after ten minutes", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    alice.send(request(MAC_A, "10.0.0.10"));
    assert.equal(alice.send(request(MAC_A, "10.0.0.20")), "none");
    lan.nowMs += 600_000;
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "arp-spoof");
    assert.equal(alice.send(request(MAC_A, "10.0.0.20")), "none");
    lan.nowMs += 1;
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "none");
    assert.equal(bob.send(request(MAC_B, "10.0.0.20")), "arp-spoof");
  });

  test("a host that only sends packets keeps its address", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    alice.send(request(MAC_A, "10.0.0.10"));
    lan.nowMs += 600_000;
    assert.equal(alice.send(packet(MAC_A, "10.0.0.10")), "none");
    lan.nowMs += 600_000;
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "arp-spoof");
  });

  test("a user's second session takes the address over at once, and keeps it when the first one leaves", () => {
    const lan = new GuardedLan();
    const [first, second, bob] = [lan.join(ALICE), lan.join(ALICE), lan.join(BOB)];
    first.send(request(MAC_A, "10.0.0.10"));
    assert.equal(second.send(packet(MAC_A, "10.0.0.10")), "none");
    first.leave();
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "arp-spoof");
    second.leave();
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "none");
  });

  test("fifty hosts behind a bridge each have their address, and another MAC than the frame's is a lie there too", () => {
    const lan = new GuardedLan();
    const [bridge, bob] = [lan.join(ALICE, { bridge: true, maxAddresses: 1_024 }), lan.join(BOB)];
    for (let i = 10; i < 60; i++) assert.equal(bridge.send(request(`02:00:00:00:01:${i}`, `10.0.0.${i}`)), "none");
    assert.equal(lan.bound.length, 50);
    assert.equal(bob.send(request(MAC_B, "10.0.0.42")), "arp-spoof");
    const lie = { from: MAC_A, senderMac: MAC_B, senderIp: "10.0.0.10", targetIp: "10.0.0.9" };
    assert.equal(bridge.send(arp({ ...lie, operation: "reply" })), "arp-spoof");
  });

  test("the same address in two VLANs belongs to two users; a priority tag is no VLAN", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    assert.equal(alice.send(request(MAC_A, "10.0.0.10", "10.0.0.1", 100)), "none");
    assert.equal(bob.send(request(MAC_B, "10.0.0.10", "10.0.0.1", 200)), "none");
    assert.equal(bob.send(request(MAC_B, "10.0.0.10", "10.0.0.1", 100)), "arp-spoof");
    assert.equal(bob.send(request(MAC_B, "10.0.0.10", "10.0.0.1", 0)), "none");
    assert.equal(alice.send(request(MAC_A, "10.0.0.10")), "arp-spoof");
    assert.deepEqual(lan.bound, ["10.0.0.10 claimed 11", "10.0.0.10@100 claimed 10", "10.0.0.10@200 claimed 11"]);
  });
});

describe("ARP rule: attacks", () => {
  test("another's address is nobody's to answer for, ask from or announce", () => {
    const lan = new GuardedLan();
    lan.join(ALICE).send(request(MAC_A, "10.0.0.10"));
    const bob = lan.join(BOB);
    assert.equal(bob.send(reply(MAC_B, "10.0.0.10")), "arp-spoof");
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "arp-spoof");
    assert.equal(bob.send(request(MAC_B, "10.0.0.10", "10.0.0.10")), "arp-spoof");
    assert.deepEqual(lan.bound, ["10.0.0.10 claimed 10"]);
  });

  test("the gateway's address is the uplink's as soon as it asks, whoever was first", () => {
    const lan = new GuardedLan();
    const bob = lan.join(BOB);
    assert.equal(bob.send(request(MAC_B, "10.0.0.1", "10.0.0.1")), "none");
    lan.fromUplink(request(MAC_U, "10.0.0.1"));
    assert.equal(bob.send(reply(MAC_B, "10.0.0.1")), "arp-spoof");
    assert.equal(bob.send(packet(MAC_B, "10.0.0.1")), "ip-spoof");
    assert.deepEqual(lan.bound, [`10.0.0.1 trusted ${UPLINK}`]);
  });

  test("a reply of the uplink takes no address from a peer, for it may be a proxy, but binds a free one", () => {
    const lan = new GuardedLan();
    const alice = lan.join(ALICE);
    alice.send(request(MAC_A, "10.0.0.10"));
    lan.fromUplink(reply(MAC_U, "10.0.0.10"));
    lan.fromUplink(reply(MAC_U, "10.0.0.1"));
    assert.equal(alice.send(reply(MAC_A, "10.0.0.10")), "none");
    assert.equal(alice.send(reply(MAC_A, "10.0.0.1")), "arp-spoof");
  });

  test("an assigned address is its user's from any session, and nobody else's, whoever comes first", () => {
    const lan = new GuardedLan();
    const address = Uint8Array.of(10, 0, 0, 10);
    lan.bindings.assign(address, ALICE);
    const bob = lan.join(BOB);
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "arp-spoof");
    assert.equal(lan.join(ALICE).send(request(MAC_A, "10.0.0.10")), "none");
    lan.fromUplink(request(MAC_U, "10.0.0.10"));
    assert.equal(lan.join(ALICE).send(request("02:00:00:00:00:aa", "10.0.0.10")), "none");
    lan.bindings.unassign(address, ALICE);
    assert.equal(bob.send(request(MAC_B, "10.0.0.10")), "none");
  });

  test("an address that is no host's cannot be claimed", () => {
    const bob = new GuardedLan().join(BOB);
    for (const address of ["224.0.0.1", "239.255.255.250", "127.0.0.1", "255.255.255.255"]) {
      assert.equal(bob.send(request(MAC_B, address)), "arp-spoof", address);
    }
  });

  test("ARP that receivers may read in another way is dropped", () => {
    const lan = new GuardedLan();
    const bob = lan.join(BOB);
    const whole = request(MAC_B, "10.0.0.11");
    assert.equal(bob.send(whole.subarray(0, 14 + 27)), "unparsable");
    const ieee802 = arp({
      from: MAC_B,
      operation: "reply",
      senderIp: "10.0.0.1",
      targetIp: "10.0.0.9",
      hardwareType: 6,
    });
    assert.equal(bob.send(ieee802), "unparsable");
    assert.equal(bob.send(ethernet(MAC_B, 0x0806, [])), "unparsable");
    for (const offset of [16, 18, 19]) assert.equal(bob.send(whole.with(offset, 9)), "unparsable", `byte ${offset}`);
    assert.deepEqual(lan.bound, []);
  });

  test("one port claims no more than its share; what it claims beyond is not protected, and counted", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    for (let i = 0; i < 70; i++) assert.equal(alice.send(request(MAC_A, `10.0.1.${i}`)), "none");
    assert.equal(lan.bound.length, 64);
    assert.equal(lan.bindings.unbound, 6);
    assert.equal(bob.send(request(MAC_B, "10.0.1.63")), "arp-spoof");
    assert.equal(bob.send(request(MAC_B, "10.0.1.64")), "none");
  });

  test("switched off, it neither drops nor learns", () => {
    const lan = new GuardedLan();
    lan.join(ALICE, { arpSpoofing: false }).send(request(MAC_A, "10.0.0.10"));
    assert.deepEqual(lan.bound, []);
    lan.join(ALICE).send(request(MAC_A, "10.0.0.10"));
    assert.equal(lan.join(BOB, { arpSpoofing: false }).send(reply(MAC_B, "10.0.0.10")), "none");
  });
});
