/** Storms and loops: what goes to everybody is bounded by port, and a port that closes a loop is shut for a while. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Namespace } from "../../../lab/namespace.ts";
import { runPing } from "../../../lab/ping.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { Transfer } from "../transfer.ts";
import { Arena } from "./arena.ts";
import { type Forger, userMac } from "./forger.ts";
import { anyFrame, BROADCAST, mac } from "./packets.ts";

const MALLORY = userMac("mallory");
const MEBIBYTE = 1024 * 1024;
/** Per port, far below the defaults, so that a storm needs no minutes. */
const BUDGET = { per_second: 100, burst: 500 };
/** Frames of a gust; there is one after another for as long as data is exchanged. */
const STORM = 20_000;
/** What passes of a storm in the longest time it may take. */
const MOST_PASSED = BUDGET.burst + 20 * BUDGET.per_second;

/** The two TAPs that make the loop. */
const LOOP = ["vpn0", "vpn1"] as const;
const SHUT_MS = 2_000;

describe("a storm", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;
  let bridge: Forger;

  before(async () => {
    const guard = { broadcast: BUDGET, multicast: BUDGET, unknown_unicast: BUDGET };
    arena = await Arena.open({ guard, users: { bridge: { bridge: true } } });
    // Unknown unicast goes to bridges only.
    bridge = await arena.join({ user: "bridge", bridge: true, mac: userMac("bridge") });
  });
  after(() => arena?.close());

  for (const [kind, to] of [
    ["broadcast", BROADCAST],
    ["multicast", "01:00:5e:01:02:03"],
    ["multicast", "33:33:00:01:02:03"],
    ["unknown", "02:00:00:00:00:99"],
  ] as const) {
    test(`of ${kind} frames to ${to} ends at its budget, while Alice and Bob exchange data`, async () => {
      const { alice, bob, bystanders } = arena;
      const already = bridge.frames.length;
      await bystanders.during(async () => {
        const transfer = await Transfer.start(alice.namespace, bob.namespace, bob.ipv4, 4 * MEBIBYTE);
        const mallory = await arena.join({ user: "mallory", mac: MALLORY });
        const frame = anyFrame({ to, from: MALLORY });
        do await mallory.flood(STORM, () => frame);
        while (transfer.running);
        await transfer.verify();
        await arena.endAttack(mallory, `storm-${kind}`);
      });
      const passed = bridge.frames.slice(already).filter((frame) => frame.subarray(6, 12).equals(mac(MALLORY)));
      assert.ok(passed.length >= BUDGET.burst / 2 && passed.length <= MOST_PASSED, `${passed.length} passed`);
    });
  }
});

describe("a loop of two bridges", { skip: await whyNoLab("ping") }, () => {
  let arena: Arena;

  before(async () => {
    const guard = { shut_time: `${SHUT_MS / 1000}s`, max_shut_time: `${(2 * SHUT_MS) / 1000}s` };
    arena = await Arena.open({ guard, users: { bridge: { bridge: true } } });
  });
  after(() => arena?.close());

  test("has one port shut, and again as long as it is there; then the network is whole", async () => {
    const { vpn } = arena.server;
    const { namespace, ...site } = await arena.addSite("loop");
    await arena.bystanders.during(async () => {
      for (const tap of LOOP) await arena.connect({ namespace, ...site }, "bridge", "--bridge", "--tap", tap);
      await bridgeTogether(namespace, LOOP);
      await vpn.waitForEvent("guard.port-shut");
      await vpn.waitForEvent("guard.port-reopened");
      await vpn.waitForEvent("guard.port-shut", 2);
    });
    for (const { forMs } of vpn.events("guard.port-shut")) assert.ok(forMs === SHUT_MS || forMs === 2 * SHUT_MS);
    await arena.bystanders.during(async () => {
      await namespace.ip("link", "set", LOOP[1], "nomaster");
      await vpn.waitForEvent("guard.port-reopened", vpn.events("guard.port-shut").length);
      const { received } = await runPing(namespace, { address: arena.alice.ipv4, count: 5 });
      assert.equal(received, 5);
    });
    const { length } = vpn.events("guard.port-shut");
    assert.equal(vpn.events("guard.port-reopened").length, length);
  });
});

/** Puts devices into one bridge, which is a host itself. */
async function bridgeTogether(namespace: Namespace, devices: readonly string[]): Promise<void> {
  await namespace.ip("link", "add", "br0", "type", "bridge");
  for (const device of devices) await namespace.ip("link", "set", device, "master", "br0", "up");
  await namespace.setAddress("br0", "10.80.0.200/24");
}
