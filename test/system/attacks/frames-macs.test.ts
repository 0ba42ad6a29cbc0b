/** Attacks with MAC addresses: another's, the server's, too many. Each fails, is counted, and nobody else notices. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoLab } from "../../../lab/programs.ts";
import { Arena } from "./arena.ts";
import { portsOf } from "./control.ts";
import { type Forger, userMac } from "./forger.ts";
import { anyFrame, BROADCAST, mac } from "./packets.ts";

const MALLORY = userMac("mallory");
const BRIDGE = userMac("bridge");
/** Nobody's. */
const STRANGER = "02:00:00:00:0e:ff";
/** Of the group that all IPv4 hosts are in. */
const GROUP = "01:00:5e:00:00:01";
const MAX_MACS = 16;
const MEBIBYTE = 1024 * 1024;

describe("an attacker with MAC addresses", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;

  before(async () => {
    arena = await Arena.open({
      users: {
        erin: {},
        bridge: { bridge: true, max_macs: MAX_MACS },
        flooder: { bridge: true, max_macs: 1_024 },
        picky: { macs: [MALLORY] },
      },
    });
  });
  after(() => arena?.close());

  function attack(what: () => Promise<void>): Promise<void> {
    return arena.bystanders.during(what);
  }

  test("cannot announce another user's MAC, nor the server's", async () => {
    await attack(async () => {
      for (const { mac } of [arena.alice, arena.server]) {
        assert.deepEqual(await arena.refusal({ user: "mallory", mac }), [409, "mac-not-yours"]);
      }
    });
  });

  test("cannot send from another MAC than the one it announced", async () => {
    await attack(async () => {
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      for (const from of [arena.alice.mac, arena.server.mac, STRANGER]) {
        mallory.send(anyFrame({ to: BROADCAST, from }), anyFrame({ to: arena.bob.mac, from }));
      }
      await arena.endAttack(mallory, "source-not-pinned");
      assert.equal(arena.drops("mallory")["source-not-pinned"], 6);
    });
  });

  test("cannot take a MAC by its first frame, having announced none", async () => {
    await attack(async () => {
      const mallory = await arena.join({ user: "mallory" });
      mallory.send(anyFrame({ to: BROADCAST, from: arena.alice.mac }));
      await arena.endAttack(mallory, "mac-not-yours");
      const { holder, mac } = await arena.untilLogged("guard.mac-refused", { mac: arena.alice.mac });
      assert.deepEqual([holder, mac], ["user alice", arena.alice.mac]);
    });
  });

  test("cannot take a MAC from behind a bridge, be it a user's or the server's", async () => {
    await attack(async () => {
      const bridge = await arena.join({ user: "bridge", bridge: true, mac: BRIDGE });
      for (const from of [arena.alice.mac, arena.server.mac]) bridge.send(anyFrame({ to: BROADCAST, from }));
      await arena.endAttack(bridge, "mac-not-yours");
      const { holder } = await arena.untilLogged("guard.mac-refused", { mac: arena.server.mac });
      assert.match(String(holder), /uplink|server/);
    });
  });

  test("cannot use a MAC that the policy does not give it", async () => {
    assert.deepEqual(await arena.refusal({ user: "picky", mac: STRANGER }), [403, "mac-not-allowed"]);
    const picky = await arena.join({ user: "picky" });
    picky.send(anyFrame({ to: BROADCAST, from: STRANGER }));
    await arena.endAttack(picky, "mac-not-allowed");
  });

  test("cannot go so soon that nothing is told of it", async () => {
    const mallory = await arena.join({ user: "mallory", mac: MALLORY });
    mallory.send(anyFrame({ to: BROADCAST, from: STRANGER }));
    await arena.endAttack(mallory);
    assert.deepEqual(arena.drops("mallory"), { "source-not-pinned": 1 });
  });

  test("cannot send from a group address", async () => {
    await attack(async () => {
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const bridge = await arena.join({ user: "bridge", bridge: true, mac: BRIDGE });
      for (const forger of [mallory, bridge]) forger.send(anyFrame({ to: BROADCAST, from: GROUP }));
      await arena.endAttack(mallory, "source-invalid");
      await arena.endAttack(bridge, "source-invalid");
      assert.ok(!bridge.frames.some((frame) => frame.subarray(6, 12).equals(mac(GROUP))));
      for (const forger of [mallory, bridge]) forger.close();
    });
  });

  test("cannot be a bridge if the policy does not say so", async () => {
    await attack(async () => {
      const refusal = await arena.refusal({ user: "mallory", mac: MALLORY, bridge: true });
      assert.deepEqual(refusal, [403, "not-a-bridge"]);
    });
  });

  test("cannot send to the groups that no bridge forwards", async () => {
    await attack(async () => {
      const bridge = await arena.join({ user: "bridge", bridge: true, mac: BRIDGE });
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const reserved = Array.from({ length: 16 }, (_, last) => `01:80:c2:00:00:0${last.toString(16)}`);
      const honest = anyFrame({ to: BRIDGE, from: MALLORY });
      mallory.send(...reserved.map((to) => anyFrame({ to, from: MALLORY })), honest);
      await bridge.untilSent(honest);
      assert.ok(!bridge.frames.some((frame) => frame.subarray(0, 3).toString("hex") === "0180c2"));
      await arena.endAttack(mallory, "reserved-destination");
      for (const one of [bridge, mallory]) one.close();
    });
  });

  test("finds that a user who comes again has the MAC at once, and keeps it when nobody is there", async () => {
    await attack(async () => {
      const mac = userMac("erin");
      const old = await arena.join({ user: "erin", mac });
      const mallory = await arena.join({ user: "mallory", mac: MALLORY });
      const again = await arena.join({ user: "erin", mac });
      const frame = anyFrame({ to: mac, from: MALLORY });
      mallory.send(frame);
      await again.untilSent(frame);
      assert.ok(!old.has(frame));
      for (const session of [old, again]) session.close();
      await arena.untilLeft("erin");
      assert.deepEqual(await arena.refusal({ user: "mallory", mac }), [409, "mac-not-yours"]);
      mallory.close();
    });
  });

  test("cannot have more MACs behind a bridge than the policy says", async () => {
    await attack(async () => {
      const bridge = await arena.join({ user: "bridge", bridge: true, mac: BRIDGE });
      const sources = Array.from({ length: 4 * MAX_MACS }, (_, index) => sourceMac(index));
      bridge.send(...sources.map((from) => anyFrame({ to: arena.bob.mac, from })));
      await arena.untilDropped("bridge", "too-many-macs");
      assert.ok((await learnedBy(bridge)) <= MAX_MACS);
      bridge.close();
    });
  });

  test("cannot fill the server's tables or memory with a million source MACs", async () => {
    const before = arena.server.vpn.usage().residentBytes;
    await attack(async () => {
      const flooder = await arena.join({ user: "flooder", bridge: true, mac: userMac("flooder") });
      await flooder.flood(1_000_000, (index) => anyFrame({ to: BROADCAST, from: sourceMac(index) }));
      await arena.untilDropped("flooder", "new-mac-rate");
      assert.ok((await learnedBy(flooder)) <= 1_024);
      const grown = arena.server.vpn.usage().residentBytes - before;
      assert.ok(grown < 64 * MEBIBYTE, `the server grew by ${grown} bytes`);
      flooder.close();
    });
  });

  async function learnedBy({ options }: Forger): Promise<number> {
    const port = (await portsOf(arena.socket)).find(({ REMOTE_USER }) => REMOTE_USER === options.user);
    assert.ok(port !== undefined);
    return port.macs.length;
  }
});

function sourceMac(index: number): string {
  const hex = index.toString(16).padStart(6, "0");
  return `02:bb:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
