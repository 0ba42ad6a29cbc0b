/**
 * Machines whose MTUs differ: whatever is too large for one is fitted before it is sent, or answered, so that nothing
 * vanishes without a word. Real TAPs, real pings, real TCP.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../lab/namespace.ts";
import { buildNetwork, type Network, TAP } from "../../lab/network.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { type Member, Room } from "./room.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

type Machine = Pick<Member, "namespace" | "ipv4" | "ipv6">;

/** A client of the original whose TAP was left at 1500: it cuts every frame over 1500 bytes, header included. */
const CARELESS_CLIENT = { mtu: 1500, readBytes: 1500 };

/** What ping says about one packet of `bytes` bytes that must not be fragmented. */
async function pingWhole({ namespace }: Machine, address: string, bytes: number): Promise<string> {
  const headers = address.includes(":") ? 48 : 28;
  const size = String(bytes - headers);
  const command = ["ping", "-n", "-M", "do", "-c", "1", "-W", "0.5", "-s", size, address];
  const { stdout, stderr } = await namespace.run(command, { allowFailure: true });
  return stdout + stderr;
}

/** A packet over `mtu` is answered with that size; from then on the sender's own kernel says so, and one that fits passes. */
async function assertLearns(from: Machine, to: Machine, mtu: number): Promise<void> {
  for (const address of [to.ipv4, to.ipv6]) {
    const answer = new RegExp(`Frag needed and DF set \\(mtu = ${mtu}\\)|Packet too big: mtu=${mtu}`);
    assert.match(await pingWhole(from, address, mtu + 1), answer);
    assert.match(await pingWhole(from, address, mtu + 1), new RegExp(`message too long, mtu[=:] ?${mtu}`));
    assert.match(await pingWhole(from, address, mtu), / bytes from /);
  }
}

/** A transfer both ways, without that either kernel had to learn an MTU: the segments fitted from the first. */
async function assertFitted(one: Machine, other: Machine, version: "ipv4" | "ipv6"): Promise<void> {
  await transferBothWays(one.namespace, other.namespace, other[version], 4 * MEBIBYTE);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    assert.doesNotMatch(await from.namespace.ip("route", "get", to[version]), / mtu /);
  }
}

describe("a network of MTU 1500 with smaller members", { skip: await whyNoLab("nginx") }, () => {
  let lab: Lab;
  let room: Room;
  let ordinary: Machine;
  let small: Machine;
  let careless: Machine;
  let bridged: Machine;

  before(async () => {
    lab = await Lab.open();
    room = await Room.aroundOurServer(lab);
    ordinary = await room.addClient();
    small = await room.addClient("--mtu", "1300");
    careless = await room.addLegacyClient(CARELESS_CLIENT);
    bridged = await room.addBridgedHost("--mtu", "1300");
  });
  after(() => lab?.close());

  test("fits TCP between them, from its first segment", async () => {
    await assertFitted(ordinary, small, "ipv4");
    await assertFitted(room.server, careless, "ipv6");
    await assertFitted(careless, bridged, "ipv4");
    await assertFitted(ordinary, bridged, "ipv6");
  });

  test("answers packets that are too large for a client, or for what is behind a bridge", async () => {
    await assertLearns(ordinary, small, 1300);
    await assertLearns(room.server, bridged, 1300);
  });

  test("answers packets that the original's client has cut", async () => {
    await assertLearns(careless, ordinary, 1486);
  });

  test("fragments packets that may be fragmented", async () => {
    // Linux forgets what it has learned, and lets others fragment.
    await ordinary.namespace.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_no_pmtu_disc"]);
    await ordinary.namespace.ip("route", "flush", "cache");
    const command = ["ping", "-n", "-M", "dont", "-i", "0.01", "-c", "20", "-w", "3", "-s", "1400", small.ipv4];
    const { stdout } = await ordinary.namespace.run(command, { allowFailure: true });
    assert.match(stdout, /, 0% packet loss/, stdout);
  });
});

describe("a jumbo network with an ordinary client", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let network: Network;

  before(async () => {
    lab = await Lab.open();
    network = await buildNetwork(lab, { clients: 1, serverFlags: ["--mtu", "9000"] });
  });
  after(() => lab?.close());

  test("fits TCP to it, and answers what is too large for it", async () => {
    const [ordinary] = network.clients as readonly [Network["clients"][number]];
    await assertFitted(network.server, ordinary, "ipv4");
    await assertLearns(network.server, ordinary, 1500);
  });
});

describe("a network of MTU 1400 with a client that was told nothing", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let network: Network;

  before(async () => {
    lab = await Lab.open();
    network = await buildNetwork(lab, { clients: 1, serverFlags: ["--mtu", "1400"] });
  });
  after(() => lab?.close());

  test("lowers the client's TAP to its own", async () => {
    const [client] = network.clients as readonly [Network["clients"][number]];
    await client.vpn.child.waitUntil("the MTU", () => client.vpn.events("client.mtu").length > 0);
    assert.match(await client.namespace.ip("link", "show", "dev", TAP), / mtu 1400 /);
    assert.match(await pingWhole(client, network.server.ipv4, 1400), / bytes from /);
  });
});
