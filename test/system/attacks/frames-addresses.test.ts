/**
 * Attacks with IP addresses: poisoned neighbour tables, routers that are none, packets in others' names. Each fails with
 * the guard on; that the same bytes would do harm is shown by a peer that may send them, or where the guard is off.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { Arena, type Host } from "./arena.ts";
import { type Forger, userMac } from "./forger.ts";
import { hidings, neighbourAdvertisement, neighbourSolicitation, routerAdvertisement } from "./neighbour-messages.ts";
import {
  ALL_NODES,
  ALL_NODES_MAC,
  arp,
  BROADCAST,
  icmp,
  icmpv6,
  ip,
  ipv4,
  type Macs,
  Protocol,
  packet,
} from "./packets.ts";
import { assertKnows, defaultRoutes, gatewayTo, kernelCount, neighboursOf } from "./victim.ts";

const MALLORY = userMac("mallory");
const MALLORY_IPV4 = "10.80.0.66";
const MALLORY_LINK_LOCAL = "fe80::66";
/** Behind the server, as far as Alice knows. */
const FAR = "10.99.0.7";

function poisonedArp(victim: Host, inNameOf: Host, from = MALLORY): readonly Buffer[] {
  const said = { senderIp: inNameOf.ipv4, targetIp: victim.ipv4 };
  const unicast = { to: victim.mac, from };
  const broadcast = { to: BROADCAST, from };
  return [
    arp({ ...unicast, ...said, operation: "reply" }),
    arp({ ...unicast, ...said, operation: "request" }),
    arp({ ...broadcast, ...said, operation: "request" }),
    // Gratuitous: about oneself, to all.
    arp({ ...broadcast, operation: "reply", senderIp: inNameOf.ipv4, targetIp: inNameOf.ipv4 }),
    arp({ ...broadcast, operation: "request", senderIp: inNameOf.ipv4, targetIp: inNameOf.ipv4 }),
    // Another MAC than the frame's.
    arp({ ...unicast, ...said, operation: "reply", senderMac: "02:00:00:00:0e:fe" }),
  ];
}

function poisonedNeighbours(victim: Host, inNameOf: Host): readonly Buffer[] {
  const macs = { to: victim.mac, from: MALLORY };
  const asked = { source: inNameOf.ipv6, destination: victim.ipv6 };
  const own = { source: MALLORY_LINK_LOCAL, destination: victim.ipv6 };
  const messages = [
    { ...asked, payload: neighbourAdvertisement(asked, inNameOf.ipv6, MALLORY) },
    { ...own, payload: neighbourAdvertisement(own, inNameOf.ipv6, MALLORY) },
    { ...own, payload: neighbourAdvertisement(own, inNameOf.ipv6, "02:00:00:00:0e:fe") },
    { ...asked, payload: neighbourSolicitation(asked, victim.ipv6, MALLORY) },
  ];
  return messages.map((message) => packet({ ...macs, ...message, protocol: Protocol.icmpv6 }));
}

/** "Who goes to FAR had better go by Mallory", in the server's name. */
function icmpRedirect(victim: Host, router: Host): Buffer {
  const echo = icmp(8, 0, Buffer.alloc(4));
  const original = ipv4({ source: victim.ipv4, destination: FAR, protocol: Protocol.icmp, payload: echo });
  const payload = icmp(5, 1, Buffer.concat([ip(MALLORY_IPV4), original]));
  const macs = { to: victim.mac, from: MALLORY };
  return packet({ ...macs, source: router.ipv4, destination: victim.ipv4, protocol: Protocol.icmp, payload });
}

function routerFrame(from: string, source: string, lifetimeSeconds: number, to = ALL_NODES_MAC): Buffer {
  const ends = { source, destination: ALL_NODES };
  const payload = routerAdvertisement(ends, lifetimeSeconds);
  return packet({ to, from, ...ends, protocol: Protocol.icmpv6, payload });
}

/** ICMP timestamp requests: a host counts them, and nobody else here sends any. */
function timestampRequest(macs: Macs, source: string, victim: Host): Buffer {
  const payload = icmp(13, 0, Buffer.alloc(16));
  return packet({ ...macs, source, destination: victim.ipv4, protocol: Protocol.icmp, payload });
}

describe("an attacker with IP addresses", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;
  let mallory: Forger;

  before(async () => {
    arena = await Arena.open({ users: { router: { router: true }, bridge: { bridge: true } } });
    await arena.alice.namespace.ip("route", "add", "10.99.0.0/16", "via", arena.server.ipv4);
  });
  after(() => arena?.close());

  /** A new session, so that the server speaks of its drops at once. */
  function attack(what: () => Promise<void>): Promise<void> {
    return arena.bystanders.during(async () => {
      mallory = await arena.join({ user: "mallory", mac: MALLORY });
      await what();
      mallory.close();
    });
  }

  test("cannot poison ARP tables: not by replies, requests, announcements or another MAC inside", async () => {
    await attack(async () => {
      const { alice, bob, server } = arena;
      for (const inNameOf of [bob, server]) mallory.send(...poisonedArp(alice, inNameOf));
      await arena.endAttack(mallory, "arp-spoof");
      assert.equal(arena.drops("mallory")["arp-spoof"], 12);
      await assertKnows(alice, [bob, server]);
    });
  });

  test("cannot poison ARP tables from behind a bridge, where every host has a MAC of its own", async () => {
    await attack(async () => {
      const { alice, bob, server } = arena;
      const bridge = await arena.join({ user: "bridge", bridge: true, mac: userMac("bridge") });
      for (const inNameOf of [bob, server]) bridge.send(...poisonedArp(alice, inNameOf, "02:00:00:00:0e:fd"));
      await arena.endAttack(bridge, "arp-spoof");
      assert.equal(arena.drops("bridge")["arp-spoof"], 12);
      await assertKnows(alice, [bob, server]);
    });
  });

  test("cannot poison neighbour tables by advertisements or solicitations", async () => {
    await attack(async () => {
      const { alice, bob, server } = arena;
      for (const inNameOf of [bob, server]) mallory.send(...poisonedNeighbours(alice, inNameOf));
      await arena.endAttack(mallory, "neighbour-spoof");
      assert.equal(arena.drops("mallory")["neighbour-spoof"], 8);
      await assertKnows(alice, [bob, server]);
    });
  });

  test("cannot poison neighbour tables by messages behind extension headers and in fragments", async () => {
    await attack(async () => {
      const { alice, bob } = arena;
      const ends = { source: bob.ipv6, destination: alice.ipv6 };
      const frames = hidings(neighbourAdvertisement(ends, bob.ipv6, MALLORY)).flatMap(({ parts }) =>
        parts.map((part) => packet({ to: alice.mac, from: MALLORY, ...ends, ...part })),
      );
      mallory.send(...frames);
      await arena.endAttack(mallory, "neighbour-spoof", "unparsable", "ip-spoof");
      await assertKnows(alice, [bob]);
    });
  });

  test("cannot be a router", async () => {
    await attack(async () => {
      const before = await defaultRoutes(arena.bob);
      const frames = [ALL_NODES_MAC, arena.bob.mac].map((to) => routerFrame(MALLORY, MALLORY_LINK_LOCAL, 1_800, to));
      mallory.send(...frames);
      await arena.endAttack(mallory, "rogue-router");
      assert.equal(arena.drops("mallory")["rogue-router"], frames.length);
      assert.equal(await defaultRoutes(arena.bob), before);
    });
  });

  test("cannot hide a router's advertisement behind extension headers or in fragments", async () => {
    await attack(async () => {
      const before = await defaultRoutes(arena.bob);
      const ends = { source: MALLORY_LINK_LOCAL, destination: ALL_NODES };
      const hidden = hidings(routerAdvertisement(ends, 1_800));
      const frames = hidden.flatMap(({ parts }) =>
        parts.map((part) => packet({ to: ALL_NODES_MAC, from: MALLORY, ...ends, ...part })),
      );
      mallory.send(...frames);
      await arena.endAttack(mallory, "rogue-router", "unparsable");
      const { "rogue-router": seen = 0, unparsable = 0 } = arena.drops("mallory");
      assert.equal(seen + unparsable, hidden.length, "each is dropped, or the fragment without which it is none");
      assert.equal(await defaultRoutes(arena.bob), before);
    });
  });

  test("would be believed if the policy made it a router: the same bytes give Bob a route", async () => {
    const routerMac = userMac("router");
    const router = await arena.join({ user: "router", mac: routerMac });
    router.send(routerFrame(routerMac, "fe80::99", 1_800));
    await waitFor("the route", async () => (await defaultRoutes(arena.bob)).includes("fe80::99"));
    router.send(routerFrame(routerMac, "fe80::99", 0));
    await waitFor("no route", async () => (await defaultRoutes(arena.bob)) === "");
    router.close();
  });

  test("cannot redirect anybody's packets to itself", async () => {
    await attack(async () => {
      const { alice, server } = arena;
      assert.equal(await gatewayTo(alice, FAR), server.ipv4);
      mallory.send(icmpRedirect(alice, server));
      await arena.endAttack(mallory, "rogue-router");
      assert.equal(await gatewayTo(alice, FAR), server.ipv4);
    });
  });

  test("cannot send packets in another's name, and can in its own", async () => {
    await attack(async () => {
      const { alice, bob, server } = arena;
      const macs = { to: bob.mac, from: MALLORY };
      const before = await kernelCount(bob, "Icmp", "InTimestamps");
      const never = ["127.0.0.1", "224.0.0.1", "255.255.255.255"];
      const sources = [alice.ipv4, server.ipv4, ...never];
      mallory.send(...sources.map((source) => timestampRequest(macs, source, bob)));
      mallory.send(timestampRequest(macs, MALLORY_IPV4, bob));
      const ends = { source: alice.ipv6, destination: bob.ipv6 };
      mallory.send(
        packet({ ...macs, ...ends, protocol: Protocol.icmpv6, payload: icmpv6(ends, 128, Buffer.alloc(4)) }),
      );
      await waitFor("the honest one", async () => (await kernelCount(bob, "Icmp", "InTimestamps")) > before);
      await arena.endAttack(mallory, "ip-spoof");
      assert.equal(await kernelCount(bob, "Icmp", "InTimestamps"), before + 1);
      assert.equal(arena.drops("mallory")["ip-spoof"], sources.length + 1);
    });
  });
});

describe("the same attacker where the guard is off", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;
  let mallory: Forger;

  before(async () => {
    arena = await Arena.open({ guard: "off" });
    await arena.alice.namespace.ip("route", "add", "10.99.0.0/16", "via", arena.server.ipv4);
    mallory = await arena.join({ user: "mallory", mac: MALLORY });
  });
  after(() => arena?.close());

  /** Until the victim believes it; the kernel refuses some changes for a second after another. */
  async function untilPoisoned(address: string, frames: readonly Buffer[]): Promise<void> {
    await waitFor(`${address} to be poisoned`, async () => {
      mallory.send(...frames);
      return (await neighboursOf(arena.alice)).get(address) === MALLORY;
    });
  }

  test("poisons ARP tables", async () => {
    const { alice, bob } = arena;
    await untilPoisoned(bob.ipv4, poisonedArp(alice, bob).slice(0, 5));
  });

  test("poisons neighbour tables", async () => {
    const { alice, bob } = arena;
    await untilPoisoned(bob.ipv6, poisonedNeighbours(alice, bob).slice(0, 2));
  });

  test("is a router, hidden or not", async () => {
    const { bob } = arena;
    const ends = { source: MALLORY_LINK_LOCAL, destination: ALL_NODES };
    for (const { name, parts } of hidings(routerAdvertisement(ends, 1_800)).slice(0, 3)) {
      mallory.send(...parts.map((part) => packet({ to: ALL_NODES_MAC, from: MALLORY, ...ends, ...part })));
      await waitFor(`a route by ${name}`, async () => (await defaultRoutes(bob)).includes(MALLORY_LINK_LOCAL));
      mallory.send(routerFrame(MALLORY, MALLORY_LINK_LOCAL, 0));
      await waitFor("no route", async () => (await defaultRoutes(bob)) === "");
    }
  });

  test("redirects others' packets", async () => {
    const { alice, server } = arena;
    // The kernel takes a new way only to a neighbour that it knows.
    const macs = { to: alice.mac, from: MALLORY };
    mallory.send(arp({ ...macs, operation: "request", senderIp: MALLORY_IPV4, targetIp: alice.ipv4 }));
    await waitFor("the redirect", async () => {
      mallory.send(icmpRedirect(alice, server));
      return (await gatewayTo(alice, FAR)) === MALLORY_IPV4;
    });
  });
});
