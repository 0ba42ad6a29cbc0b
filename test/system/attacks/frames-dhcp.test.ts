/** A DHCP server that nobody asked for, and clients that are too many. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { askForLease, type DhcpLease, DhcpServer } from "../../../lab/dhcp.ts";
import { TAP } from "../../../lab/network.ts";
import { runPing } from "../../../lab/ping.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { Arena, type Client } from "./arena.ts";
import { type DhcpOptions, dhcp } from "./dhcp-messages.ts";
import { type Forger, userMac } from "./forger.ts";
import { arp, BROADCAST, mac, Protocol, packet, udp } from "./packets.ts";

const skip = await whyNoLab("ping", "dnsmasq", "udhcpc");
const MALLORY_RANGE = ["10.80.0.210", "10.80.0.220"] as const;
const RANGE = ["10.80.0.100", "10.80.0.199"] as const;
const MAX_MACS = 8;
/** RFC 4361: 255, an IAID, a DUID. */
const BOBS_DUID = "ff00000001000200000ab11122334455";

/** A real client of Mallory's, with a real DHCP server behind it. */
async function startRogue(arena: Arena): Promise<{ mallory: Client; rogue: DhcpServer }> {
  const mallory = await arena.addClient("mallory");
  const { directory } = arena;
  const rogue = await DhcpServer.start(mallory.namespace, { device: TAP, range: MALLORY_RANGE, directory });
  return { mallory, rogue };
}

/** MACs that nobody has. */
function strangers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `02:dd:00:00:00:${index.toString(16).padStart(2, "0")}`);
}

function discover(client: string, from: string): Buffer {
  return ask(from, { operation: "request", type: "discover", client });
}

/** A client's message as one without an address sends it. */
function ask(from: string, message: DhcpOptions): Buffer {
  const payload = udp(68, 67, dhcp(message));
  return packet({
    to: BROADCAST,
    from,
    source: "0.0.0.0",
    destination: "255.255.255.255",
    protocol: Protocol.udp,
    payload,
  });
}

function bobAsks({ bob, directory }: Arena): Promise<DhcpLease | undefined> {
  return askForLease(bob.namespace, TAP, directory);
}

describe("a DHCP server behind a peer", { skip }, () => {
  let arena: Arena;
  let server: DhcpServer;

  before(async () => {
    arena = await Arena.open({ users: { bridge: { bridge: true, max_macs: MAX_MACS } } });
  });
  after(() => arena?.close());

  test("answers, and Bob hears nothing of it, whether there is another server or not", async () => {
    const { mallory, rogue } = await startRogue(arena);
    await arena.bystanders.during(async () => {
      assert.equal(await bobAsks(arena), undefined);
      assert.ok(rogue.clientsOf("DHCPOFFER").has(arena.bob.mac), "Mallory did offer an address");
      await arena.untilDropped("mallory", "rogue-dhcp");
    });
    await arena.bystanders.during(async () => {
      const { namespace, ipv4 } = arena.server;
      server = await DhcpServer.start(namespace, { device: TAP, range: RANGE, directory: arena.directory });
      assert.equal((await bobAsks(arena))?.server, ipv4);
    });
    await mallory.vpn.stop();
  });

  test("cannot be forged either: not in fragments, to a relay, or over IPv6", async () => {
    await arena.bystanders.during(async () => {
      const from = userMac("mallory");
      const mallory = await arena.join({ user: "mallory", mac: from });
      const { bob } = arena;
      const message = dhcp({ operation: "reply", type: "offer", client: bob.mac, yourAddress: MALLORY_RANGE[0] });
      const [offer, toRelay] = [udp(67, 68, message), udp(67, 67, message)];
      const v4 = { from, source: "10.80.0.66", destination: "255.255.255.255", protocol: Protocol.udp };
      const v6 = { from, source: "fe80::66", protocol: Protocol.udp };
      mallory.send(
        packet({ ...v4, to: BROADCAST, payload: offer }),
        packet({ ...v4, to: bob.mac, payload: offer }),
        packet({ ...v4, to: bob.mac, payload: offer.subarray(0, 8), fragment: { offset: 0, more: true } }),
        packet({ ...v4, to: arena.server.mac, destination: arena.server.ipv4, payload: toRelay }),
        packet({ ...v6, to: bob.mac, destination: bob.ipv6, payload: udp(547, 546, Buffer.from("02000000", "hex")) }),
      );
      await arena.endAttack(mallory, "rogue-dhcp");
      assert.equal(arena.drops("mallory")["rogue-dhcp"], 5);
    });
  });

  test("is not starved of addresses by one peer that is many clients", async () => {
    await arena.bystanders.during(async () => {
      const from = userMac("mallory");
      const mallory = await arena.join({ user: "mallory", mac: from });
      mallory.send(...strangers(200).map((client) => discover(client, from)));
      await arena.endAttack(mallory, "rogue-dhcp");
      assert.equal(arena.drops("mallory")["rogue-dhcp"], 200);
      const bridge = await arena.join({ user: "bridge", bridge: true, mac: userMac("bridge") });
      bridge.send(...strangers(200).map((client) => discover(client, client)));
      await arena.endAttack(bridge, "too-many-macs");
      assert.ok((await bobAsks(arena)) !== undefined, "there are addresses left");
      const starving = [...server.clientsOf("DHCPDISCOVER")].filter((client) => client.startsWith("02:dd:"));
      assert.ok(starving.length <= MAX_MACS, `${starving.length} strangers`);
    });
  });

  test("does not take Mallory for Bob, whom it knows by his MAC", async () => {
    await arena.bystanders.during(async () => {
      const lease = await bobAsks(arena);
      const mallory = await askInBobsName(lease, Buffer.from([1, ...mac(arena.bob.mac)]));
      await arena.endAttack(mallory, "rogue-dhcp");
      assert.equal(arena.drops("mallory")["rogue-dhcp"], 2);
    });
  });

  test("takes Mallory for Bob, whom it knows by other bytes, and the address stays with Bob", async () => {
    await arena.bystanders.during(async () => {
      const { alice, bob, directory } = arena;
      const lease = await askForLease(bob.namespace, TAP, directory, BOBS_DUID);
      assert.ok(lease !== undefined);
      await bob.namespace.ip("address", "add", `${lease.address}/24`, "dev", TAP);
      const assertIsBobs = async (): Promise<void> => {
        assert.equal((await runPing(alice.namespace, { address: lease.address, count: 3 })).received, 3);
      };
      await assertIsBobs();
      const mallory = await askInBobsName(lease, Buffer.from(BOBS_DUID, "hex"));
      await waitFor("the server to be taken in", () => server.clientsOf("DHCPACK").has(userMac("mallory")));
      await assertIsBobs();
      const lie = { operation: "reply", senderIp: lease.address, targetIp: alice.ipv4 } as const;
      mallory.send(arp({ ...lie, to: alice.mac, from: userMac("mallory") }));
      await arena.endAttack(mallory, "arp-spoof");
    });
  });

  test("does not hear that Bob gives his address back when it is Mallory who says so", async () => {
    await arena.bystanders.during(async () => {
      const lease = await bobAsks(arena);
      assert.ok(lease !== undefined);
      const { bob, server: hub } = arena;
      const from = userMac("mallory");
      const mallory = await arena.join({ user: "mallory", mac: from });
      const release = { operation: "request", type: "release", clientAddress: lease.address } as const;
      const to = { from, to: hub.mac, destination: hub.ipv4, protocol: Protocol.udp };
      mallory.send(
        packet({ ...to, source: "10.80.0.66", payload: udp(68, 67, dhcp({ ...release, client: bob.mac })) }),
        packet({ ...to, source: "10.80.0.66", payload: udp(68, 67, dhcp({ ...release, client: from })) }),
      );
      await arena.endAttack(mallory, "rogue-dhcp");
      assert.equal(arena.drops("mallory")["rogue-dhcp"], 2);
      assert.deepEqual(await bobAsks(arena), lease);
      assert.equal(server.clientsOf("DHCPRELEASE").size, 0);
    });
  });

  /** Mallory asks for Bob's address as the client that has this identifier. */
  async function askInBobsName(lease: DhcpLease | undefined, clientId: Uint8Array): Promise<Forger> {
    assert.ok(lease !== undefined);
    const client = userMac("mallory");
    const mallory = await arena.join({ user: "mallory", mac: client });
    const message = { operation: "request", client, clientId, requestedAddress: lease.address } as const;
    mallory.send(...(["discover", "request"] as const).map((type) => ask(client, { ...message, type })));
    return mallory;
  }
});

describe("the same DHCP server where the guard is off", { skip }, () => {
  let arena: Arena;

  before(async () => {
    arena = await Arena.open({ guard: "off" });
  });
  after(() => arena?.close());

  test("gives Bob an address", async () => {
    const { mallory } = await startRogue(arena);
    assert.equal((await bobAsks(arena))?.server, mallory.ipv4);
  });
});
