/**
 * Frames that are not what they look like: behind tags and SNAP, behind extension headers without end, in fragments, and
 * in messages that ask the server to change them.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { seededRandom } from "../../seeded-random.ts";
import { Arena } from "./arena.ts";
import { type Forger, userMac } from "./forger.ts";
import {
  fragmentHeader,
  neighbourAdvertisement,
  paddedOptions,
  routerAdvertisement,
  routingHeader,
} from "./neighbour-messages.ts";
import { anyFrame, arp, EtherType, icmpv6, type Macs, mac, Protocol, packet, udp, uint16 } from "./packets.ts";
import { assertKnows, defaultRoutes } from "./victim.ts";

const MALLORY = userMac("mallory");
const WITNESS = userMac("witness");
const ROUTER = "fe80::66";
const SNAP = Buffer.from("aaaa03000000", "hex");
const LIAR_IPV4 = "10.80.0.68";
/** The only one whom the liar may speak to, at the only port. */
const PARTNER = "10.80.0.67";
const LIAR_PORT = 2_000;
const VNET_HEADER_BYTES = 10;

/** The frame with a tag in front of its ethertype. */
function tagged(frame: Buffer, vlanId = 0, type: number = EtherType.vlan): Buffer {
  return Buffer.concat([frame.subarray(0, 12), uint16(type), uint16(vlanId), frame.subarray(12)]);
}

/** The frame with a length, LLC and SNAP in place of its ethertype; `length` need not be true. */
function inSnap(frame: Buffer, length = frame.length - 14 + 8): Buffer {
  return Buffer.concat([frame.subarray(0, 12), uint16(length), SNAP, frame.subarray(12)]);
}

/** The ways to say a frame in other words that some receiver understands (CERT VU#855201). */
function disguises(frame: Buffer): readonly Buffer[] {
  const priority = tagged(frame);
  return [
    priority,
    tagged(priority),
    tagged(priority, 0, 0x88a8),
    inSnap(frame),
    inSnap(frame, 0),
    inSnap(frame, 0x05ff),
    tagged(inSnap(frame)),
    tagged(tagged(inSnap(frame))),
    inSnap(priority),
    tagged(tagged(priority)),
  ];
}

/** Numbers that are the same in every run. */
class Dice {
  readonly #fill = seededRandom(3);
  readonly #bytes = new Uint8Array(2);

  /** 0 to sides − 1. */
  roll(sides: number): number {
    this.#fill(this.#bytes);
    return ((this.#bytes[0] as number) * 256 + (this.#bytes[1] as number)) % sides;
  }
}

/** An ICMPv6 message behind headers as they fall, whole or in two fragments, which may overlap and come in any order. */
function scramble(dice: Dice, macs: Macs, ends: { source: string; destination: string }, message: Buffer): Buffer[] {
  let protocol = Protocol.icmpv6;
  let payload = message;
  for (let headers = dice.roll(6); headers > 0; headers--) {
    const [number, header] = [
      [Protocol.options, paddedOptions(protocol)] as const,
      [Protocol.routing, routingHeader(protocol)] as const,
      [Protocol.hopByHop, paddedOptions(protocol)] as const,
      [Protocol.fragment, fragmentHeader(protocol, 0, false)] as const,
    ][dice.roll(4)] as readonly [number, Buffer];
    [protocol, payload] = [number, Buffer.concat([header, payload])];
  }
  const wrap = (part: Buffer, first: number): Buffer => {
    const frame = packet({ ...macs, ...ends, protocol: first, payload: part });
    return dice.roll(3) === 0 ? tagged(frame) : frame;
  };
  if (dice.roll(2) === 0) return [wrap(payload, protocol)];
  const cut = 8 * (1 + dice.roll(Math.floor(payload.length / 8)));
  const overlap = dice.roll(4) === 0 ? 8 : 0;
  const first = Buffer.concat([fragmentHeader(protocol, 0, true), payload.subarray(0, cut)]);
  const second = Buffer.concat([fragmentHeader(protocol, cut - overlap, false), payload.subarray(cut - overlap)]);
  const frames = [wrap(first, Protocol.fragment), wrap(second, Protocol.fragment)];
  return dice.roll(2) === 0 ? frames : frames.reverse();
}

function scrambledAdvertisements(to: string, count: number): Buffer[] {
  const dice = new Dice();
  const ends = { source: ROUTER, destination: "ff02::1" };
  const message = routerAdvertisement(ends, 1_800);
  return Array.from({ length: count }, () => scramble(dice, { to, from: MALLORY }, ends, message)).flat();
}

/** A virtio-net header that asks for a checksum anywhere, and sometimes for segments. */
function vnetHeader(dice: Dice): Buffer {
  const header = Buffer.alloc(VNET_HEADER_BYTES);
  header.writeUInt8(dice.roll(4), 0);
  header.writeUInt8([0, 0, 0, 1, 4, 5, 0x81][dice.roll(7)] as number, 1);
  for (const at of [2, 4, 6, 8]) header.writeUInt16LE(dice.roll(60), at);
  return header;
}

describe("a frame in disguise", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;
  let witness: Forger;
  let attacker: Forger;

  before(async () => {
    const acl = [{ action: "allow", protocol: "udp", to: PARTNER, to_ports: LIAR_PORT }];
    arena = await Arena.open({ users: { witness: {}, liar: { source_prefixes: [`${LIAR_IPV4}/32`], acl } } });
    witness = await arena.join({ user: "witness", mac: WITNESS });
  });
  after(() => arena?.close());

  function attack(user: "mallory" | "liar", what: () => Promise<void>): Promise<void> {
    return arena.bystanders.during(async () => {
      attacker = await arena.join({ user, mac: userMac(user), dialect: user === "liar" ? "v2" : "v1" });
      await what();
      attacker.close();
    });
  }

  test("is known behind priority tags and SNAP: ARP and neighbours", async () => {
    await attack("mallory", async () => {
      const { alice, bob } = arena;
      const lie = { from: MALLORY, operation: "reply", senderIp: bob.ipv4, targetIp: alice.ipv4 } as const;
      const ends = { source: bob.ipv6, destination: alice.ipv6, protocol: Protocol.icmpv6 };
      const payload = neighbourAdvertisement(ends, bob.ipv6, MALLORY);
      for (const to of [alice.mac, WITNESS]) {
        attacker.send(...disguises(arp({ ...lie, to })));
        attacker.send(...disguises(packet({ ...ends, to, from: MALLORY, payload })));
      }
      await assertNothingCame();
      await arena.endAttack(attacker, "arp-spoof", "neighbour-spoof", "unparsable");
      await assertKnows(alice, [bob]);
    });
  });

  test("is known behind priority tags and SNAP: routers and their redirects", async () => {
    await attack("mallory", async () => {
      const ends = { source: ROUTER, destination: "ff02::1" };
      const redirect = icmpv6(ends, 137, Buffer.alloc(36));
      for (const to of [arena.bob.mac, WITNESS]) {
        for (const payload of [routerAdvertisement(ends, 1_800), redirect]) {
          attacker.send(...disguises(packet({ ...ends, to, from: MALLORY, protocol: Protocol.icmpv6, payload })));
        }
      }
      await assertNothingCame();
      await arena.endAttack(attacker, "rogue-router", "unparsable");
      assert.equal(await defaultRoutes(arena.bob), "");
    });
  });

  test("is known or harmless behind any headers, in any fragments", async () => {
    await attack("mallory", async () => {
      const frames = scrambledAdvertisements(arena.bob.mac, 5_000);
      await attacker.flood(frames.length, (index) => frames[index] as Buffer);
      await arena.endAttack(attacker, "rogue-router", "unparsable");
      assert.equal(await defaultRoutes(arena.bob), "");
    });
  });

  test("is judged as it is delivered, whatever checksum the server is asked to complete in it", async () => {
    await attack("liar", async () => {
      const dice = new Dice();
      const from = userMac("liar");
      const ends = { source: LIAR_IPV4, destination: PARTNER, protocol: Protocol.udp };
      const honest = packet({ to: WITNESS, from, ...ends, payload: udp(1_000, LIAR_PORT, Buffer.alloc(64, "x")) });
      const already = witness.frames.length;
      for (let i = 0; i < 2_000; i++) attacker.send(Buffer.concat([vnetHeader(dice), honest]));
      await untilJudged();
      await arena.endAttack(attacker, "acl-denied", "source-ip-denied");
      const isLiars = (frame: Buffer): boolean => frame.subarray(6, 14).equals(honest.subarray(6, 14));
      const arrived = witness.frames.slice(already).filter(isLiars);
      assert.ok(arrived.length > 0);
      for (const frame of arrived) {
        assert.deepEqual(frame.subarray(26, 34), honest.subarray(26, 34), "addresses");
        const transport = 14 + 4 * (frame.readUInt8(14) & 0x0f);
        assert.deepEqual([frame.readUInt8(23), frame.readUInt16BE(transport + 2)], [Protocol.udp, LIAR_PORT]);
      }
    });
  });

  /** All that was sent before has been judged: a frame that may pass has come through behind it. */
  async function untilJudged(): Promise<void> {
    const { user, mac: from = "", dialect } = attacker.options;
    const end = anyFrame({ to: WITNESS, from }, `end ${user} ${witness.frames.length}`);
    attacker.send(dialect === "v2" ? Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), end]) : end);
    await witness.untilSent(end);
  }

  /** Of what was sent in disguise to the witness, nothing came. */
  async function assertNothingCame(): Promise<void> {
    const already = witness.frames.length;
    await untilJudged();
    const own = witness.frames.slice(already).filter((frame) => frame.subarray(6, 12).equals(mac(MALLORY)));
    assert.equal(own.length, 1);
  }
});

describe("a frame in disguise where the guard is off", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;

  before(async () => {
    arena = await Arena.open({ guard: "off" });
  });
  after(() => arena?.close());

  test("gives Bob a router, behind some of the same headers", async () => {
    const mallory = await arena.join({ user: "mallory", mac: MALLORY });
    mallory.send(...scrambledAdvertisements(arena.bob.mac, 100));
    await waitFor("the route", async () => (await defaultRoutes(arena.bob)).includes(ROUTER));
  });
});
