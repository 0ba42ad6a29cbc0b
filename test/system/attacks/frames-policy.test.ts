/** What the policy forbids does not happen: by address, port, fragment, ethertype, VLAN, isolation, rate or network. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runIperf } from "../../../lab/iperf.ts";
import type { Namespace } from "../../../lab/namespace.ts";
import { runPing } from "../../../lab/ping.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { Arena, type Client, type Host } from "./arena.ts";
import { userMac } from "./forger.ts";
import {
  anyFrame,
  arp,
  BROADCAST,
  EtherType,
  ethernet,
  icmp,
  type PacketOptions,
  Protocol,
  packet,
  udp,
  uint16,
} from "./packets.ts";
import { kernelCount } from "./victim.ts";

const MALLORY = userMac("mallory");
const CLERK = userMac("clerk");
const CLERK_IPV4 = "10.80.0.77";
const ALLOWED_PORT = 7_100;
const DENIED_PORT = 7_101;
const RATE_MEGABITS = 8;
const RATE = { rate: `${RATE_MEGABITS}Mbit`, burst: "128KiB" };

const USERS = {
  clerk: {
    ethertypes: ["ipv4", "arp"],
    vlans: ["untagged"],
    source_prefixes: ["10.80.0.0/24"],
    acl: [
      { action: "allow", protocol: "tcp", to: "10.80.0.1", to_ports: ALLOWED_PORT },
      { action: "allow", protocol: "udp", to: "10.80.0.1", to_ports: ALLOWED_PORT },
      { action: "allow", protocol: "icmp" },
    ],
  },
  guest: { isolated: true, down: RATE },
  slow: { up: RATE },
  owner: { addresses: ["10.80.0.50"] },
  carol: { networks: ["lab"] },
  dave: { networks: ["lab"] },
};

/** Whether a TCP connection opens within a second. */
async function opens(from: Namespace, address: string, port: number): Promise<boolean> {
  const command = ["timeout", "1", "bash", "-c", `exec 3<>/dev/tcp/${address}/${port}`];
  return (await from.run(command, { allowFailure: true })).status === 0;
}

/** UDP datagrams that a kernel has taken for its own, whether somebody listened or not. */
async function datagramsAt(host: Host): Promise<number> {
  return (await kernelCount(host, "Udp", "InDatagrams")) + (await kernelCount(host, "Udp", "NoPorts"));
}

/** Sends UDP as fast as it goes; megabits per second that arrive. */
async function throughput(guest: Client, server: Client, direction: "up" | "down"): Promise<number> {
  const options = { address: server.ipv4, direction, seconds: 1, udpBitsPerSecond: 5e6 * RATE_MEGABITS };
  return (await runIperf(guest.namespace, server.namespace, options)).megabitsPerSecond;
}

/** Roughly: the burst counts too. */
function assertHolds(megabits: number): void {
  assert.ok(megabits > 0.6 * RATE_MEGABITS && megabits < 1.4 * RATE_MEGABITS, `${megabits} Mbit/s`);
}

describe("the policy", { skip: await whyNoLab("ping", "iperf3") }, () => {
  let arena: Arena;

  before(async () => {
    arena = await Arena.open({ users: USERS, networks: { lab: {} } });
    const listen = `for (const port of [${ALLOWED_PORT}, ${DENIED_PORT}]) require("node:net").createServer().listen(port)`;
    arena.server.namespace.start([process.execPath, "-e", listen]);
    for (const port of [ALLOWED_PORT, DENIED_PORT]) await arena.server.namespace.waitForTcpPort(port);
  });
  after(() => arena?.close());

  test("lets a peer reach the ports that it may, and no others", async () => {
    const { alice, server, bystanders } = arena;
    await bystanders.during(async () => {
      const { namespace } = await arena.addClient("clerk");
      assert.equal(await opens(namespace, server.ipv4, ALLOWED_PORT), true);
      assert.equal(await opens(namespace, server.ipv4, DENIED_PORT), false);
      assert.equal(await opens(alice.namespace, server.ipv4, DENIED_PORT), true, "it is the policy, not the port");
      const fragmented = { address: server.ipv4, count: 3, payloadBytes: 4_000 };
      assert.equal((await runPing(namespace, fragmented)).received, 3, "fragments of what is allowed pass");
    });
  });

  test("lets nothing slip by in fragments", async () => {
    const { server, bystanders } = arena;
    await bystanders.during(async () => {
      const clerk = await arena.join({ user: "clerk", mac: CLERK });
      const macs = { to: server.mac, from: CLERK };
      const send = (payload: Uint8Array, fragment?: PacketOptions["fragment"]): Buffer => {
        const ends = { source: CLERK_IPV4, destination: server.ipv4, protocol: Protocol.udp };
        return packet({ ...macs, ...ends, payload, ...(fragment === undefined ? {} : { fragment }) });
      };
      const [denied, allowed] = [DENIED_PORT, ALLOWED_PORT].map((port) => udp(5_353, port, Buffer.alloc(24))) as [
        Buffer,
        Buffer,
      ];
      const before = await datagramsAt(server);
      const first = { offset: 0, more: true };
      clerk.send(
        send(denied),
        send(denied.subarray(0, 16), first),
        send(denied.subarray(16), { offset: 16, more: false }),
        // The ports come in a second first fragment.
        send(allowed.subarray(0, 8), first),
        send(denied.subarray(0, 16), first),
      );
      await arena.endAttack(clerk, "acl-denied");
      assert.equal(arena.drops("clerk")["acl-denied"], 4);
      assert.equal(await datagramsAt(server), before);
    });
  });

  test("lets no packet pass from an address that is none of the peer's", async () => {
    const { server, bystanders } = arena;
    await bystanders.during(async () => {
      const clerk = await arena.join({ user: "clerk", mac: CLERK });
      const ends = { source: "192.0.2.1", destination: server.ipv4, protocol: Protocol.icmp };
      clerk.send(packet({ to: server.mac, from: CLERK, ...ends, payload: icmp(8, 0, Buffer.alloc(4)) }));
      await arena.endAttack(clerk, "source-ip-denied");
    });
  });

  test("gives an address to its user alone", async () => {
    await arena.bystanders.during(async () => {
      const owner = await arena.join({ user: "owner", mac: userMac("owner") });
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const { alice } = arena;
      mallory.send(
        arp({ to: alice.mac, from: MALLORY, operation: "reply", senderIp: "10.80.0.50", targetIp: alice.ipv4 }),
      );
      await arena.endAttack(mallory, "arp-spoof");
      for (const forger of [owner, mallory]) forger.close();
    });
  });

  test("keeps ethertypes and VLANs out, to the peer and from it", async () => {
    await arena.bystanders.during(async () => {
      const clerk = await arena.join({ user: "clerk", mac: CLERK });
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const greeting = { operation: "request", senderIp: "10.80.0.66", targetIp: CLERK_IPV4 } as const;
      for (const [from, to] of [
        [clerk, mallory],
        [mallory, clerk],
      ] as const) {
        const macs = { from: userMac(from.options.user), to: userMac(to.options.user) };
        const senderIp = from === clerk ? CLERK_IPV4 : greeting.senderIp;
        const hello = arp({ ...greeting, ...macs, senderIp });
        // An ARP in VLAN 10, in VLAN 10 of VLAN 20, and as untagged LLC.
        const tagged = ethernet(macs, EtherType.vlan, Buffer.concat([uint16(10), hello.subarray(12)]));
        const twice = ethernet(macs, EtherType.vlan, Buffer.concat([uint16(20), tagged.subarray(12)]));
        const forbidden = [tagged, twice, anyFrame(macs), ethernet(macs, 46, Buffer.alloc(46))];
        from.send(...forbidden, hello);
        await to.untilSent(hello);
        assert.ok(!forbidden.some((frame) => to.has(frame)));
      }
      await arena.endAttack(clerk, "vlan-denied", "ethertype-denied");
      for (const forger of [clerk, mallory]) forger.close();
    });
  });

  test("keeps isolated peers from all but the server", async () => {
    const { alice, server, bystanders } = arena;
    await bystanders.during(async () => {
      const mac = userMac("guest");
      const guest = await arena.join({ user: "guest", mac });
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const question = arp({
        operation: "request",
        to: BROADCAST,
        from: mac,
        senderIp: "10.80.0.88",
        targetIp: server.ipv4,
      });
      guest.send(question, anyFrame({ to: MALLORY, from: mac }), anyFrame({ to: alice.mac, from: mac }));
      mallory.send(anyFrame({ to: mac, from: MALLORY }), anyFrame({ to: BROADCAST, from: MALLORY }));
      await waitFor("the server's answer", () => guest.frames.length > 0);
      await arena.endAttack(guest, "isolated");
      assert.equal(arena.drops("guest").isolated, 2);
      await arena.endAttack(mallory, "isolated");
      const sources = (frames: readonly Buffer[]): readonly string[] =>
        frames.map((frame) => frame.toString("hex", 6, 12));
      assert.ok(!sources(mallory.frames).includes(mac.replaceAll(":", "")));
      assert.deepEqual([...new Set(sources(guest.frames))], [server.mac.replaceAll(":", "")], "the server answered");
      for (const forger of [guest, mallory]) forger.close();
    });
  });

  test("holds a peer to what it may send and be sent, roughly", async () => {
    const { alice, server, bystanders } = arena;
    await bystanders.during(async () => {
      const guest = await arena.addClient("guest");
      assert.equal((await runPing(guest.namespace, { address: alice.ipv4, count: 2, deadlineSeconds: 1 })).received, 0);
      assertHolds(await throughput(guest, server, "down"));
      await arena.untilDropped("guest", "rate-down");
      const slow = await arena.addClient("slow");
      assertHolds(await throughput(slow, server, "up"));
      await arena.untilDropped("slow", "rate-up");
    });
  });

  test("keeps networks apart, the same MACs and addresses in both", async () => {
    const { alice, bob, bystanders } = arena;
    await bystanders.during(async () => {
      assert.deepEqual(await arena.refusal({ user: "mallory", mac: MALLORY, path: "/lab" }), [403, "not-in-network"]);
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const carol = await arena.join({ user: "carol", mac: alice.mac, path: "/lab" });
      const dave = await arena.join({ user: "dave", mac: bob.mac, path: "/lab" });
      const macs = { to: BROADCAST, from: alice.mac };
      const question = arp({ ...macs, operation: "request", senderIp: alice.ipv4, targetIp: bob.ipv4 });
      const direct = anyFrame({ to: bob.mac, from: alice.mac });
      carol.send(question, direct);
      await dave.untilSent(direct);
      assert.ok(dave.has(question));
      assert.ok(!mallory.has(question));
      for (const forger of [mallory, carol, dave]) forger.close();
    });
  });
});
