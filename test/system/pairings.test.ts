/**
 * Our programs and ones that behave as the original's do, in every pairing and all in one room: pings, and large
 * transfers both ways whose bytes and checksums are right.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../lab/namespace.ts";
import { runPing } from "../../lab/ping.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { FULL_FRAME_CLIENT, type Member, ORIGINAL_CLIENT, Room, wrongChecksums } from "./room.ts";
import { MEBIBYTE, transferBothWays } from "./transfer.ts";

/** What both members must be able to do with each other. */
async function assertJoined(first: Member, second: Member): Promise<void> {
  for (const address of [second.ipv4, second.ipv6]) {
    assert.equal((await runPing(first.namespace, { address, count: 3 })).received, 3, `ping ${address}`);
  }
  await transferBothWays(first.namespace, second.namespace, second.ipv4, 16 * MEBIBYTE);
  await transferBothWays(second.namespace, first.namespace, first.ipv6, 16 * MEBIBYTE);
  assert.deepEqual([await wrongChecksums(first), await wrongChecksums(second)], [0, 0]);
}

/** A packet that fills the MTU crosses whole. */
async function assertFullFrames(from: Member, to: Member): Promise<void> {
  // 1500 less the IPv4 header (20) and the ICMP header (8).
  const whole = { address: to.ipv4, count: 3, payloadBytes: 1_472, dontFragment: true };
  assert.equal((await runPing(from.namespace, whole)).received, 3);
}

describe("our server", { skip: await whyNoLab("nginx") }, () => {
  let lab: Lab;
  let room: Room;

  before(async () => {
    lab = await Lab.open();
    room = await Room.aroundOurServer(lab);
  });
  after(() => lab?.close());

  test("speaks v2 with our client behind nginx", async () => {
    const client = await room.addClient("--protocol", "v2");
    await assertJoined(client, room.server);
    await assertFullFrames(client, room.server);
  });

  test("speaks v1 with our client that offers nothing else", async () => {
    const client = await room.addClient("--protocol", "v1");
    assert.equal(client.vpn.events("client.connected")[0]?.dialect, "v1");
    await assertJoined(client, room.server);
    await assertFullFrames(client, room.server);
  });

  test("speaks with the original's client, whose TAP has an MTU of 1486", async () => {
    await assertJoined(await room.addLegacyClient(ORIGINAL_CLIENT), room.server);
  });

  test("speaks with a client on the original's wire that reads whole frames of MTU 1500", async () => {
    const client = await room.addLegacyClient(FULL_FRAME_CLIENT);
    await assertJoined(client, room.server);
    await assertFullFrames(client, room.server);
  });

  test("relays between two clients on the original's wire", async () => {
    const client = await room.addLegacyClient(ORIGINAL_CLIENT);
    await assertJoined(client, await room.addLegacyClient(FULL_FRAME_CLIENT));
  });
});

describe("a server that behaves as the original's", { skip: await whyNoLab("nginx") }, () => {
  let lab: Lab;
  let room: Room;

  before(async () => {
    lab = await Lab.open();
    room = await Room.aroundLegacyServer(lab);
  });
  after(() => lab?.close());

  test("speaks with the original's client, which shows that both are what they claim to be", async () => {
    await assertJoined(await room.addLegacyClient(ORIGINAL_CLIENT), room.server);
  });

  test("is answered in v1 by our client, which never sends it more than a full Ethernet frame", async () => {
    const client = await room.addClient();
    assert.equal(client.vpn.events("client.connected")[0]?.dialect, "v1");
    await assertJoined(client, room.server);
    await assertFullFrames(client, room.server);
    assert.doesNotMatch(room.server.child.stdout, /hangs/);
  });

  test("relays between our client and the original's", async () => {
    const client = await room.addClient();
    await assertJoined(client, await room.addLegacyClient(ORIGINAL_CLIENT));
  });
});

describe("a room of a v2 client, a client of the original's, a bridge and the server", {
  skip: await whyNoLab("nginx"),
}, () => {
  let lab: Lab;
  let members: Readonly<Record<"server" | "v2" | "legacy" | "bridged", Member>>;

  before(async () => {
    lab = await Lab.open();
    const room = await Room.aroundOurServer(lab);
    const [v2, legacy, bridged] = [
      await room.addClient("--protocol", "v2"),
      await room.addLegacyClient(FULL_FRAME_CLIENT),
      await room.addBridgedHost(),
    ];
    members = { server: room.server, v2, legacy, bridged };
  });
  after(() => lab?.close());

  const pairs = [
    ["v2", "server"],
    ["v2", "legacy"],
    ["v2", "bridged"],
    ["legacy", "server"],
    ["legacy", "bridged"],
    ["bridged", "server"],
  ] as const;
  for (const [first, second] of pairs) {
    test(`joins ${first} and ${second}, large transfers both ways included`, async () => {
      await assertJoined(members[first], members[second]);
      await assertFullFrames(members[first], members[second]);
    });
  }
});
