import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arp, dhcp, dhcpFromClient, dhcpFromServer, ipv4, ipv6, macBytes, tcp, udp } from "./address-frames.ts";
import { GuardedLan } from "./guarded-lan.ts";

const [ALICE, BOB] = [10, 11];
const MAC_A = "02:00:00:00:00:0a";
const MAC_B = "02:00:00:00:00:0b";
const MAC_U = "02:00:00:00:00:01";
const IP = "10.0.0.10";
const [DISCOVER, REQUEST, DECLINE, ACK, RELEASE, INFORM] = [1, 3, 4, 5, 7, 8];
const HOUR_S = 3_600;

const acknowledged = (chaddr: string, yiaddr: string, leaseSeconds = HOUR_S, vlanId?: number): Uint8Array =>
  dhcpFromServer({ from: MAC_U, type: ACK, chaddr, yiaddr, leaseSeconds, ...(vlanId === undefined ? {} : { vlanId }) });
const announcement = (from: string, senderIp: string): Uint8Array =>
  arp({ from, operation: "request", senderIp, targetIp: senderIp });
const packet = (from: string, source: string): Uint8Array =>
  ipv4({ from, source, destination: "10.0.0.1", protocol: 6, payload: tcp(1234, 80) });
const datagram = (from: number, to: number, message: readonly number[] = []): Uint8Array =>
  ipv4({
    from: MAC_B,
    source: "10.0.0.11",
    destination: "255.255.255.255",
    protocol: 17,
    payload: udp(from, to, message),
  });
const datagramV6 = (from: number, to: number, message: readonly number[] = []): Uint8Array =>
  ipv6({ from: MAC_B, source: "fe80::b", destination: "ff02::1:2", nextHeader: 17, payload: udp(from, to, message) });

describe("DHCP rule: leases", () => {
  test("an acknowledged lease is its who has the MAC, before it was ever used", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    assert.equal(alice.send(dhcpFromClient({ from: MAC_A, type: REQUEST, chaddr: MAC_A })), "none");
    lan.fromUplink(acknowledged(MAC_A, IP));
    assert.deepEqual(lan.bound, [`${IP} leased 0`]);
    assert.equal(bob.send(announcement(MAC_B, IP)), "arp-spoof");
    assert.equal(bob.send(packet(MAC_B, IP)), "ip-spoof");
    assert.equal(alice.send(announcement(MAC_A, IP)), "none");
    assert.deepEqual(lan.bound, [`${IP} leased 10`]);
  });

  test("a lease takes the address from who squats on it", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    assert.equal(bob.send(announcement(MAC_B, IP)), "none");
    lan.fromUplink(acknowledged(MAC_A, IP));
    assert.equal(bob.send(announcement(MAC_B, IP)), "arp-spoof");
    assert.equal(alice.send(announcement(MAC_A, IP)), "none");
  });

  test("a lease holds through silence, is renewed, and is over at its end", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    lan.fromUplink(acknowledged(MAC_A, IP));
    alice.send(announcement(MAC_A, IP));
    lan.nowMs += HOUR_S * 500;
    assert.equal(
      alice.send(dhcpFromClient({ from: MAC_A, source: IP, type: REQUEST, chaddr: MAC_A, ciaddr: IP })),
      "none",
    );
    lan.fromUplink(acknowledged(MAC_A, IP));
    lan.nowMs += HOUR_S * 1000;
    assert.equal(bob.send(announcement(MAC_B, IP)), "arp-spoof");
    assert.deepEqual(lan.bound, [`${IP} leased 10`]);
    lan.nowMs += 1;
    assert.equal(bob.send(announcement(MAC_B, IP)), "none");
  });

  test("a lease for ever is believed for a week", () => {
    const lan = new GuardedLan();
    lan.fromUplink(acknowledged(MAC_A, IP, 0xffffffff));
    lan.nowMs += 7 * 24 * HOUR_S * 1000;
    assert.deepEqual(lan.bound, [`${IP} leased 0`]);
    lan.nowMs += 1;
    assert.deepEqual(lan.bound, []);
  });

  test("a lease outlives the session; whoever comes with its MAC has it again, though under another owner's number", () => {
    const lan = new GuardedLan();
    const alice = lan.join(ALICE);
    lan.fromUplink(acknowledged(MAC_A, IP));
    alice.send(packet(MAC_A, IP));
    alice.leave();
    const stranger = lan.join(ALICE);
    assert.equal(stranger.send(packet(MAC_B, IP)), "ip-spoof");
    assert.equal(lan.join(BOB).send(packet(MAC_A, IP)), "none");
  });

  test("a lease follows its MAC to another user, as when a machine moves from behind one bridge to another", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE, { bridge: true }), lan.join(BOB, { bridge: true })];
    lan.fromUplink(acknowledged(MAC_A, IP));
    assert.equal(alice.send(packet(MAC_A, IP)), "none");
    assert.equal(bob.send(packet(MAC_B, IP)), "ip-spoof");
    assert.equal(bob.send(announcement(MAC_A, IP)), "none");
    assert.deepEqual(lan.bound, [`${IP} leased ${BOB}`]);
    alice.leave();
    assert.deepEqual(lan.bound, [`${IP} leased ${BOB}`]);
  });

  test("the server gives the address to another client: not while the first one uses it, but when that is gone", () => {
    const lan = new GuardedLan();
    const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
    lan.fromUplink(acknowledged(MAC_A, IP));
    alice.send(packet(MAC_A, IP));
    lan.fromUplink(acknowledged(MAC_B, IP));
    assert.equal(alice.send(packet(MAC_A, IP)), "none");
    assert.equal(bob.send(packet(MAC_B, IP)), "ip-spoof");
    alice.leave();
    lan.fromUplink(acknowledged(MAC_B, IP));
    assert.equal(bob.send(packet(MAC_B, IP)), "none");
    assert.equal(lan.join(ALICE).send(packet(MAC_A, IP)), "ip-spoof");
  });

  test("released or declined by its owner it is free", () => {
    for (const type of [RELEASE, DECLINE]) {
      const lan = new GuardedLan();
      const [alice, bob] = [lan.join(ALICE), lan.join(BOB)];
      lan.fromUplink(acknowledged(MAC_A, IP));
      const address = type === RELEASE ? { ciaddr: IP, source: IP } : { requestedAddress: IP };
      assert.equal(alice.send(dhcpFromClient({ from: MAC_A, type, chaddr: MAC_A, ...address })), "none");
      assert.deepEqual(lan.bound, []);
      assert.equal(bob.send(announcement(MAC_B, IP)), "none");
    }
  });

  test("a lease is one of its VLAN", () => {
    const lan = new GuardedLan();
    lan.fromUplink(acknowledged(MAC_A, IP, HOUR_S, 7));
    assert.deepEqual(lan.bound, [`${IP}@7 leased 0`]);
    assert.equal(lan.join(BOB).send(announcement(MAC_B, IP)), "none");
  });

  test("a peer that may be a server leases addresses, but not those that are the uplink's or assigned", () => {
    const lan = new GuardedLan();
    const server = lan.join(BOB, { dhcpServer: true });
    lan.fromUplink(announcement(MAC_U, "10.0.0.1"));
    lan.bindings.assign(Uint8Array.of(10, 0, 0, 2), ALICE);
    for (const yiaddr of ["10.0.0.1", "10.0.0.2", IP]) {
      const source = "10.0.0.3";
      const leased = { type: ACK, chaddr: MAC_B, yiaddr, leaseSeconds: HOUR_S };
      assert.equal(server.send(dhcpFromServer({ from: MAC_B, source, ...leased })), "none");
    }
    assert.deepEqual(lan.bound, ["10.0.0.1 trusted 1", `${IP} leased 0`, "10.0.0.2 assigned 10"].sort());
  });

  test("a host that moves from behind the uplink to a peer's port takes up its new lease", () => {
    const lan = new GuardedLan();
    lan.fromUplink(announcement("02:00:00:00:00:77", IP));
    lan.fromUplink(acknowledged(MAC_A, IP));
    assert.equal(lan.join(ALICE).send(announcement(MAC_A, IP)), "none");
  });

  test("an acknowledgement without lease, address or Ethernet client binds nothing", () => {
    const lan = new GuardedLan();
    lan.fromUplink(dhcpFromServer({ from: MAC_U, type: ACK, chaddr: MAC_A, yiaddr: IP }));
    lan.fromUplink(acknowledged(MAC_A, "0.0.0.0"));
    lan.fromUplink(acknowledged(MAC_A, IP, 0));
    const offer = { from: MAC_U, type: 2, chaddr: MAC_A, yiaddr: IP, leaseSeconds: HOUR_S };
    lan.fromUplink(dhcpFromServer(offer));
    assert.deepEqual(lan.bound, []);
  });
});

describe("DHCP rule: clients", () => {
  test("every message of an honest client passes", () => {
    const alice = new GuardedLan().join(ALICE);
    for (const type of [DISCOVER, REQUEST, INFORM]) {
      assert.equal(alice.send(dhcpFromClient({ from: MAC_A, type, chaddr: MAC_A })), "none", `type ${type}`);
    }
  });

  test("a host is one client; behind a bridge there are many", () => {
    const lan = new GuardedLan();
    const lie = dhcpFromClient({ from: MAC_A, type: DISCOVER, chaddr: MAC_B });
    assert.equal(lan.join(ALICE).send(lie), "rogue-dhcp");
    assert.equal(lan.join(ALICE, { bridge: true }).send(lie), "none");
    const cut = datagram(68, 67, dhcp({ op: 1, type: DISCOVER, chaddr: MAC_B }).slice(0, 33));
    assert.equal(lan.join(BOB).send(cut), "rogue-dhcp");
  });

  test("a host is no other client by its identifier, if that is a MAC; identifiers of other kinds pass", () => {
    const lan = new GuardedLan();
    const alice = lan.join(ALICE);
    const request = (mac: string, clientId: readonly number[]): Uint8Array =>
      dhcpFromClient({ from: MAC_A, type: REQUEST, chaddr: MAC_A, clientId: [...clientId, ...macBytes(mac)] });
    assert.equal(alice.send(request(MAC_A, [1])), "none");
    assert.equal(alice.send(request(MAC_B, [1])), "rogue-dhcp");
    // RFC 4361: 255, an IAID, a DUID by link-layer address.
    assert.equal(alice.send(request(MAC_B, [255, 0, 0, 0, 1, 0, 3, 0, 1])), "none");
    assert.equal(lan.join(ALICE, { bridge: true }).send(request(MAC_B, [1])), "none");
  });

  test("an identifier that is hidden passes from nobody: behind padding, or behind options without an end", () => {
    const alice = new GuardedLan().join(ALICE);
    const message = dhcp({ op: 1, type: REQUEST, chaddr: MAC_A });
    const upToEnd = message.slice(0, -1);
    const request = (options: readonly number[]): Uint8Array => {
      const payload = udp(68, 67, [...upToEnd, ...options]);
      return ipv4({ from: MAC_A, source: "0.0.0.0", destination: "255.255.255.255", protocol: 17, payload });
    };
    const padding = new Array<number>(64).fill(0);
    assert.equal(alice.send(request([255, ...padding])), "none");
    assert.equal(alice.send(request([...padding, 61, 7, 1, ...macBytes(MAC_B), 255])), "rogue-dhcp");
    assert.equal(alice.send(request([])), "rogue-dhcp");
    assert.equal(alice.send(request([61, 200])), "rogue-dhcp");
  });

  test("a message in pieces passes from nobody: only the first one would be judged", () => {
    const lan = new GuardedLan();
    const payload = udp(68, 67, dhcp({ op: 1, type: DISCOVER, chaddr: MAC_B }));
    const fields = { from: MAC_B, source: "0.0.0.0", destination: "255.255.255.255", protocol: 17, payload };
    const solicit = datagramV6(546, 547, [1, 1, 2, 3]);
    for (const bridge of [false, true]) {
      const bob = lan.join(BOB, { bridge });
      assert.equal(bob.send(ipv4(fields)), "none");
      assert.equal(bob.send(ipv4({ ...fields, fragment: 0x2000 })), "rogue-dhcp");
      assert.equal(bob.sendSuper(ipv4(fields)), "rogue-dhcp");
      assert.equal(bob.send(solicit), "none");
      assert.equal(bob.sendSuper(solicit), "rogue-dhcp");
      assert.equal(bob.sendSuper(datagram(68, 53)), "none");
    }
  });

  test("a message whose type is hidden passes from nobody: behind padding, in other fields, or in BOOTP", () => {
    const lan = new GuardedLan();
    const release = dhcp({ op: 1, type: RELEASE, chaddr: MAC_B, ciaddr: IP });
    const [fields, options] = [release.slice(0, 240), release.slice(240)];
    const overload = [52, 1, 1];
    for (const bridge of [false, true]) {
      const bob = lan.join(BOB, { bridge });
      assert.equal(bob.send(datagram(68, 67, [...fields, ...new Array<number>(64).fill(0), ...options])), "rogue-dhcp");
      assert.equal(bob.send(datagram(68, 67, [...fields, ...overload, ...options])), "rogue-dhcp");
      assert.equal(bob.send(datagram(68, 67, [...fields, 255])), "rogue-dhcp");
      const declined = dhcpFromClient({ from: MAC_B, type: DECLINE, chaddr: MAC_B });
      assert.equal(bob.send(declined), "rogue-dhcp", "a DECLINE of nothing");
    }
  });

  test("nobody gives another's lease back, not even from behind a bridge", () => {
    const lan = new GuardedLan();
    lan.join(ALICE);
    lan.fromUplink(acknowledged(MAC_A, IP));
    const bridge = lan.join(BOB, { bridge: true });
    const source = "10.0.0.11";
    assert.equal(
      bridge.send(dhcpFromClient({ from: MAC_B, source, type: RELEASE, chaddr: MAC_A, ciaddr: IP })),
      "rogue-dhcp",
    );
    const declined = { type: DECLINE, chaddr: MAC_A, requestedAddress: IP };
    assert.equal(bridge.send(dhcpFromClient({ from: MAC_B, ...declined })), "rogue-dhcp");
    assert.deepEqual(lan.bound, [`${IP} leased 0`]);
  });
});

describe("DHCP rule: rogue servers", () => {
  test("what a DHCP client would take for a server's is dropped, whatever port it comes from", () => {
    const bob = new GuardedLan().join(BOB);
    const offer = dhcp({ op: 2, type: 2, chaddr: MAC_A, yiaddr: IP });
    assert.equal(bob.send(datagram(67, 68, offer)), "rogue-dhcp");
    assert.equal(bob.send(datagram(1067, 68, offer)), "rogue-dhcp");
    assert.equal(bob.send(datagram(67, 68)), "rogue-dhcp");
    assert.equal(bob.send(datagram(67, 67, offer)), "rogue-dhcp");
  });

  test("a reply whose message is in another fragment is dropped too", () => {
    const bridge = new GuardedLan().join(BOB, { bridge: true });
    for (const to of [67, 68]) {
      const head = { from: MAC_B, source: "10.0.0.11", destination: "255.255.255.255", protocol: 17, fragment: 0x2000 };
      assert.equal(bridge.send(ipv4({ ...head, payload: udp(67, to, []) })), "rogue-dhcp");
    }
  });

  test("DHCPv6: what goes to clients, and what only servers send to relays, is dropped; clients pass", () => {
    const bob = new GuardedLan().join(BOB);
    assert.equal(bob.send(datagramV6(547, 546, [7, 1, 2, 3])), "rogue-dhcp");
    assert.equal(bob.send(datagramV6(4711, 546, [2, 1, 2, 3])), "rogue-dhcp");
    for (const type of [2, 7, 10, 13])
      assert.equal(bob.send(datagramV6(547, 547, [type])), "rogue-dhcp", `type ${type}`);
    assert.equal(bob.send(datagramV6(547, 547)), "rogue-dhcp");
    for (const type of [1, 3, 5, 6, 8, 9, 11, 12]) assert.equal(bob.send(datagramV6(546, 547, [type])), "none");
  });

  test("a port that may be a server may, and other datagrams are nobody's business", () => {
    const lan = new GuardedLan();
    assert.equal(lan.join(BOB, { dhcpServer: true }).send(datagram(67, 68, [2])), "none");
    assert.equal(lan.join(BOB, { dhcpServer: true }).send(datagramV6(547, 546, [7])), "none");
    assert.equal(lan.join(BOB).send(datagram(67, 53)), "none");
    assert.equal(lan.join(BOB).send(datagramV6(547, 53)), "none");
    assert.equal(lan.join(BOB, { rogueDhcp: false }).send(datagram(67, 68)), "none");
  });
});
