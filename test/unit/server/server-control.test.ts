/** The control model of a running server: what it shows beside what was done, and what its actions do to peers. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { DROP_NAMES } from "../../../src/base/drop-reason.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { Action, ActionResult, Operator } from "../../../src/control/action.ts";
import { DROP_EXPLANATIONS } from "../../../src/control/drop-explanations.ts";
import {
  dropRowSchema,
  fdbRowSchema,
  historySampleSchema,
  networkInfoSchema,
  type PeerRow,
  peerDetailSchema,
  peerRowSchema,
  serverInfoSchema,
  type Traffic,
} from "../../../src/control/model.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { MAX_PAIRS } from "../../../src/switch/pair-table.ts";
import { formatMac } from "../../../src/wire/mac.ts";
import { ByName } from "../../by-name.ts";
import { HandClock } from "../../hand-clock.ts";
import { ethernetFrame, Host } from "../../host.ts";
import { type Knock, type MemoryPeer, MemoryServer, type MemoryServerOptions } from "../../memory-server.ts";
import { openAccess } from "../../open-access.ts";
import { RecordingLog } from "../../recording-log.ts";

const SERVER = "02:00:00:00:00:ff";
const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const BEHIND = "02:00:00:00:01:01";
const OP: Operator = { name: "op", role: "admin", address: "192.0.2.77" };

const as = (user: string): Pick<Knock, "headers"> => ({ headers: { authorization: `Bearer ${user}` } });

describe("the control model", () => {
  let log: RecordingLog;
  let clock: HandClock;
  let uplink: Host;
  let memory: MemoryServer;

  beforeEach(() => {
    log = new RecordingLog();
    clock = new HandClock();
    uplink = new Host("uplink", SERVER);
  });
  afterEach(() => {
    const stopped = memory.server.stop();
    clock.advance(60_000);
    return stopped;
  });

  function serve(options: MemoryServerOptions = {}): void {
    const access = { authenticators: [new ByName()], ...options.access };
    memory = new MemoryServer(log, { clock, device: uplink.device, ...options, access });
  }

  const control = () => memory.server.control;
  const row = (id: string): PeerRow | undefined => [...control().peers()].find((one) => one.id === id);
  const perform = (action: Action): Promise<ActionResult> => control().perform(OP, action);
  const settled = (what: string, isSo: () => boolean): Promise<unknown> => waitFor(what, isSo, { pollMs: 1 });

  test("is what its schemas say, of everything that it shows", async () => {
    serve({ networks: ["office", "lab"] });
    const peer = await memory.join({ mac: A, bridge: true, agent: "vpn-ws/9", ...as("alice") });
    peer.send(ethernetFrame(SERVER, A, "hello"), ethernetFrame(A, A, "loop"), ethernetFrame(SERVER, BEHIND, "me too"));
    await settled("the frames", () => row("1")?.traffic.receivedFrames === 3);
    control().pairs();
    serverInfoSchema.parse(control().server());
    for (const network of control().networks()) networkInfoSchema.parse(network);
    for (const one of control().peers()) {
      peerRowSchema.strict().parse(one);
      peerDetailSchema.strict().parse(control().peer(one.id));
    }
    for (const entry of control().fdb()) fdbRowSchema.strict().parse(entry);
    for (const drop of control().drops()) dropRowSchema.strict().parse(drop);
    for (const sample of control().history()) historySampleSchema.strict().parse(sample);
  });

  test("shows a peer whole: who it is, its connections, its MACs, its addresses", async () => {
    const up = { bytesPerSecond: 1_000, burstBytes: 200_000 };
    const own = { addresses: [Uint8Array.of(10, 9, 0, 2)], up };
    serve({ access: { policyData: { users: [{ name: "alice", rules: own }] } } });
    const peer = await memory.join({ mac: A, bridge: true, agent: "vpn-ws/9", address: "192.0.2.9", ...as("alice") });
    peer.send(ethernetFrame(SERVER, BEHIND, "from behind"));
    await uplink.until(ethernetFrame(SERVER, BEHIND, "from behind"));
    const detail = control().peer("1");
    const [link] = detail?.links ?? [];
    assert.deepEqual(
      [detail?.user, detail?.method, detail?.address, detail?.agent, detail?.dialect, detail?.bridge, detail?.state],
      ["alice", "token", "192.0.2.9", "vpn-ws/9", "v2", true, "open"],
    );
    assert.deepEqual(detail?.macs.map(({ mac, pinned }) => [mac, pinned]).sort(), [
      [A, true],
      [BEHIND, false],
    ]);
    assert.deepEqual(detail?.addresses, [{ address: "10.9.0.2", how: "assigned" }]);
    assert.deepEqual([detail?.rateUp, detail?.rateDown, detail?.mtu], [8_000, null, 1_500]);
    assert.deepEqual([link?.number, link?.address, link?.via, link?.ecnMarks], [0, "192.0.2.9", "http", 0]);
    assert.deepEqual([link?.receivedBytes, link?.sentBytes], [detail?.wire.receivedBytes, detail?.wire.sentBytes]);
    assert.deepEqual(control().peer("uplink:default")?.macs, [{ mac: SERVER, pinned: true, ageMs: 0 }]);
    for (const id of ["2", "0", "01", " 1", "x", "uplink:other"]) assert.equal(control().peer(id), undefined, id);
  });

  test("remembers no more of an agent than has room on a screen", async () => {
    serve();
    await memory.join({ mac: A, agent: "x".repeat(1_000) });
    assert.equal(row("1")?.agent?.length, 128);
  });

  test("goes on with the sums when peers and networks are gone", async () => {
    serve({ networks: ["default", "lab"] });
    const [one, other] = await Promise.all([A, B].map((mac) => memory.join({ mac, path: "/lab" })));
    assert.ok(one !== undefined && other !== undefined);
    one.send(ethernetFrame(B, A, "x"), ethernetFrame(A, A, "a loop"), ethernetFrame(B, A, "y"));
    await settled("the frames", () => other.frames.length === 2);
    const before = { server: control().server().traffic, network: control().networks()[1]?.traffic };
    assert.deepEqual([before.server.receivedFrames, before.server.sentFrames, before.server.drops], [3, 2, 1]);
    const drops = control().drops();
    assert.deepEqual(
      drops.map(({ network, reason, direction, frames }) => [network, reason, direction, frames]),
      [["lab", "loop", "ingress", 1]],
    );
    one.say({ kind: "bye", reason: "done", message: "done" });
    other.say({ kind: "bye", reason: "done", message: "done" });
    await settled("their leave", () => control().server().peers.here === 0);
    assert.deepEqual([control().server().traffic, control().networks()[1]?.traffic], [before.server, before.network]);
    assert.deepEqual(control().drops(), drops);
    memory.server.reload(openAccess(), [definitionOf("default")]);
    assert.equal(control().networks().length, 1);
    assert.deepEqual(control().server().traffic, before.server, "a network that is gone has had its traffic");
  });

  test("keeps a sample of each second, for ten minutes", async () => {
    serve();
    const peer = await memory.join({ mac: A });
    peer.send(ethernetFrame(A, A, "a loop"));
    await settled("the frame", () => row("1")?.traffic.drops === 1);
    for (let second = 0; second < 700; second++) control().tick();
    const samples = control().history();
    assert.equal(samples.length, 600);
    assert.deepEqual([samples.at(-1)?.peers, samples.at(-1)?.dropsByReason], [1, { loop: 1 }]);
  });

  test("tells who talks to whom while somebody looks, for a minute", async () => {
    serve();
    const [one, other] = [await memory.join({ mac: A }), await memory.join({ mac: B })];
    one.send(ethernetFrame(B, A, "nobody looks"));
    await settled("the frame", () => other.frames.length === 1);
    assert.deepEqual(control().pairs(), { pairs: [], uncountedFrames: 0 });
    one.send(
      ethernetFrame(B, A, "12345678"),
      ethernetFrame(SERVER, A, "x"),
      ethernetFrame("ff:ff:ff:ff:ff:ff", A, "all"),
    );
    other.send(ethernetFrame(A, B, "y"), ethernetFrame(A, B, "z"));
    await settled("the frames", () => one.frames.length === 2 && uplink.frames.length === 2);
    const seen = () =>
      control()
        .pairs()
        .pairs.map(({ from, to, frames, bytes }) => [from, to, frames, bytes])
        .sort();
    assert.deepEqual(seen(), [
      ["1", "2", 1, 22],
      ["1", "uplink:default", 1, 15],
      ["2", "1", 2, 30],
    ]);
    other.say({ kind: "bye", reason: "done", message: "done" });
    await settled("the leave", () => control().server().peers.here === 1);
    assert.deepEqual(seen(), [["1", "uplink:default", 1, 15]]);
    clock.advance(61_000);
    assert.deepEqual(seen(), [], "nobody looked for a minute");
  });

  test("tells how much of who talks to whom it has no room for", async () => {
    serve({ networks: ["office", "lab"] });
    const macs = Array.from({ length: 130 }, (_, i) => `02:00:00:00:03:${i.toString(16).padStart(2, "0")}`);
    const peers = await Promise.all(macs.map((mac) => memory.join({ mac, path: "/lab" })));
    control().pairs();
    for (const [from, peer] of peers.entries()) {
      peer.send(
        ...macs.filter((_, to) => to !== from).map((mac) => ethernetFrame(mac, macs[from] as string, "to all")),
      );
    }
    await settled("the frames", () => peers.every(({ frames }) => frames.length === 129));
    const { pairs, uncountedFrames } = control().pairs();
    assert.deepEqual([pairs.length, uncountedFrames], [MAX_PAIRS, 130 * 129 - MAX_PAIRS]);
  });

  test("publishes what is logged", async () => {
    serve();
    await memory.join({ mac: A, ...as("alice") });
    const joined = control()
      .events.after(0)
      .find(({ event }) => event === "peer.joined");
    assert.deepEqual([joined?.level, joined?.fields.user], ["info", "alice"]);
    assert.equal(log.of("peer.joined").length, 1);
  });

  describe("kick", () => {
    test("tells the peer why, in a message and in the close frame, and logs who did it", async () => {
      serve();
      const peer = await memory.join({ mac: A, ...as("alice") });
      const result = await perform({ kind: "kick", peer: "1", reason: "backups at night, please", banMs: 0 });
      assert.equal(result.state, "done");
      await settled("the close", () => peer.closes.length > 0);
      assert.deepEqual(peer.closes, [[1008, "backups at night, please"]]);
      assert.deepEqual(peer.controls.at(-1), { kind: "bye", reason: "kicked", message: "backups at night, please" });
      assert.deepEqual(
        log.of("control.action").map(({ level, fields }) => [level, fields]),
        [
          [
            "info",
            {
              operator: "op",
              address: "192.0.2.77",
              action: "kick",
              peer: 1,
              user: "alice",
              network: "default",
              result: "done",
            },
          ],
        ],
      );
      await settled("the leave", () => control().server().peers.here === 0);
      await memory.join({ mac: A, ...as("alice") });
    });

    test("with a ban keeps the user out, all sessions of it, until it ends or is lifted", async () => {
      serve();
      await memory.join({ mac: A, ...as("alice") });
      await memory.join({ mac: B, ...as("alice") });
      await perform({ kind: "kick", peer: "1", reason: "enough", banMs: 3_600_000 });
      await settled("both to go", () => control().server().peers.here === 0 || isClosing(2));
      const [ban] = control().bans();
      assert.deepEqual([ban?.user, ban?.mac, ban?.reason, ban?.by], ["alice", null, "enough", "op"]);
      await assert.rejects(
        memory.join({ mac: A, ...as("alice") }),
        /^Error: HTTP\/1\.1 403 [\s\S]*sent you away until/,
      );
      assert.equal(log.of("access.refused").at(-1)?.fields.reason, "banned");
      await memory.join({ mac: "02:00:00:00:00:0d", ...as("bob") });
      assert.deepEqual((await perform({ kind: "unban", ban: ban?.id ?? "" })).state, "done");
      assert.deepEqual(control().bans(), []);
      await memory.join({ mac: "02:00:00:00:00:0c", ...as("alice") });
      const again = await perform({ kind: "unban", ban: "1" });
      assert.deepEqual([again.state, again.state === "refused" && again.why], ["refused", "not-found"]);
    });

    test("with a ban keeps an anonymous peer out by its MAC, however late it shows it", async () => {
      serve();
      await memory.join({ mac: A });
      await perform({ kind: "kick", peer: "1", reason: "enough", banMs: 60_000 });
      assert.deepEqual([control().bans()[0]?.user, control().bans()[0]?.mac], ["", A]);
      await assert.rejects(memory.join({ mac: A }), /403/);
      // Until then the guard keeps others from the MAC anyhow.
      clock.advance(GUARD_DEFAULTS.macOwnershipMs + 1_000);
      const silent = await memory.join({});
      silent.send(ethernetFrame(SERVER, A, "it is me"));
      await settled("its MAC", () => [...control().peers()].some(({ mac }) => mac === A));
      clock.advance(1_000);
      await settled("the close", () => silent.closes.length > 0);
      assert.deepEqual(silent.closes, [[1008, "enough"]]);
    });

    test("with a ban knows the MAC of a session that waits for its client", async () => {
      serve();
      const silent = await memory.join({});
      silent.send(ethernetFrame(SERVER, A, "it is me"));
      await settled("its MAC", () => row("1")?.mac === A);
      silent.vanish();
      await settled("the loss", () => row("1")?.state === "held");
      assert.equal((await perform({ kind: "kick", peer: "1", reason: "x", banMs: 1_000 })).state, "done");
      assert.deepEqual([control().bans()[0]?.mac, control().server().peers.here], [A, 0]);
    });

    test("says that nobody can be kept out who has neither a name nor a MAC, and that there is no such peer", async () => {
      serve();
      const silent = await memory.join({});
      const banned = await perform({ kind: "kick", peer: "1", reason: "x", banMs: 1_000 });
      assert.deepEqual([banned.state, banned.state === "refused" && banned.why], ["refused", "impossible"]);
      await settled("the close", () => silent.closes.length > 0);
      const outcomes = ["99", "uplink:other", "uplink:default"].map((peer) =>
        perform({ kind: "kick", peer, reason: "x", banMs: 0 }),
      );
      assert.deepEqual(
        (await Promise.all(outcomes)).map((result) => result.state === "refused" && result.why),
        ["not-found", "not-found", "impossible"],
      );
    });
  });

  describe("isolate and rate", () => {
    test("hold above the policy, through a reload, until they are taken back", async () => {
      const down = { bytesPerSecond: 1_000_000, burstBytes: 200_000 };
      serve({ access: { policyData: { defaults: { bridge: true, down } } } });
      const [one, other] = [await memory.join({ mac: A }), await memory.join({ mac: B })];
      await perform({ kind: "isolate", peer: "1", isolated: true });
      await perform({ kind: "rate", peer: "1", up: 80_000 });
      const inForce = () => [row("1")?.isolated, control().peer("1")?.rateUp, control().peer("1")?.rateDown];
      assert.deepEqual(inForce(), [true, 80_000, 8_000_000]);
      memory.server.reload(openAccess({ policyData: { defaults: { bridge: true, maxMacs: 3 } } }), [
        definitionOf("default"),
      ]);
      assert.deepEqual(inForce(), [true, 80_000, null]);
      one.send(ethernetFrame(B, A, "not to peers"), ethernetFrame(SERVER, A, "to the uplink"));
      await uplink.until(ethernetFrame(SERVER, A, "to the uplink"));
      assert.deepEqual([other.frames.length, control().peer("1")?.ingressDrops], [0, { isolated: 1 }]);
      await perform({ kind: "isolate", peer: "1", isolated: null });
      await perform({ kind: "rate", peer: "1", up: null, down: 16_000 });
      assert.deepEqual(inForce(), [false, null, 16_000]);
      one.send(ethernetFrame(B, A, "to peers"));
      await settled("the frame", () => other.frames.length === 1);
    });

    test("a rate is kept, with a burst that fits it", async () => {
      serve();
      const peer = await memory.join({ mac: A });
      await perform({ kind: "rate", peer: "1", up: 1_000 });
      const frame = ethernetFrame(SERVER, A, Buffer.alloc(1_400));
      for (let count = 0; count < 200; count++) peer.send(frame);
      await settled("the frames", () => row("1")?.traffic.receivedFrames === 200);
      const passed = Math.floor(2 ** 17 / frame.length);
      assert.equal(control().peer("1")?.ingressDrops["rate-up"], 200 - passed);
    });
  });

  describe("flush-fdb", () => {
    test("forgets what was learned at one port, or everywhere, and nothing pinned", async () => {
      serve();
      for (const [mac, behind] of [
        [A, BEHIND],
        [B, "02:00:00:00:01:02"],
      ] as const) {
        const peer = await memory.join({ mac, bridge: true });
        peer.send(ethernetFrame(SERVER, behind, mac));
        await uplink.until(ethernetFrame(SERVER, behind, mac));
      }
      const learned = () =>
        Array.from(control().fdb())
          .filter(({ pinned }) => !pinned)
          .map(({ peer }) => peer);
      assert.deepEqual(learned().sort(), ["1", "2"]);
      const first = await perform({ kind: "flush-fdb", network: "default", peer: "1" });
      assert.deepEqual([first.message, learned()], ["1 learned addresses are forgotten", ["2"]]);
      await perform({ kind: "flush-fdb" });
      assert.deepEqual([learned(), Array.from(control().fdb()).length], [[], 3]);
      assert.deepEqual(control().networks()[0]?.fdb, { entries: 3, learned: 0, capacity: 16_384 });
      for (const wrong of [{ network: "other" }, { peer: "9" }, { network: "other", peer: "1" }]) {
        const result = await perform({ kind: "flush-fdb", ...wrong });
        assert.equal(result.state === "refused" && result.why, "not-found");
      }
    });
  });

  describe("reload and drain", () => {
    test("are done by whoever runs the server, and say what is wrong", async () => {
      const done: string[] = [];
      let fault: string | undefined;
      serve({
        operations: {
          reload: () => {
            done.push("reload");
            return fault;
          },
          drain: () => void done.push("drain"),
        },
      });
      assert.equal((await perform({ kind: "reload" })).state, "done");
      fault = "line 3 is wrong.";
      assert.deepEqual(await perform({ kind: "reload" }), {
        state: "refused",
        why: "impossible",
        message: "line 3 is wrong.",
      });
      assert.equal((await perform({ kind: "drain" })).state, "done");
      assert.deepEqual(done, ["reload", "reload", "drain"]);
      assert.deepEqual(
        log.of("control.action").map(({ fields }) => [fields.action, fields.result]),
        [
          ["reload", "done"],
          ["reload", "impossible"],
          ["drain", "done"],
        ],
      );
    });

    test("are impossible where nobody has said how", async () => {
      serve();
      for (const kind of ["reload", "drain"] as const) {
        const result = await perform({ kind });
        assert.equal(result.state === "refused" && result.why, "impossible");
      }
    });
  });

  function isClosing(id: number): boolean {
    return row(String(id))?.state === "leaving";
  }
});

test("each reason for a drop is explained in a sentence", () => {
  const reasons = DROP_NAMES.filter((name) => name !== "none");
  assert.deepEqual(Object.keys(DROP_EXPLANATIONS).sort(), [...reasons].sort());
  for (const [reason, sentence] of Object.entries(DROP_EXPLANATIONS)) assert.match(sentence, /^[A-Z].+\.$/, reason);
});

test("the rows of 10,000 peers are what was sent, to the frame, and add up to what the server shows", async () => {
  const [NETWORKS, PEERS] = [["a", "b", "c", "d"], 10_000];
  const memory = new MemoryServer(silentLogger, { maxPeers: PEERS, networks: NETWORKS });
  const { control } = memory.server;
  const macOf = (place: number): string => formatMac(0x0200, place);
  const peers: MemoryPeer[] = [];
  while (peers.length < PEERS) {
    const next = Array.from({ length: 250 }, (_, i) => peers.length + i);
    peers.push(...(await Promise.all(next.map((i) => memory.join({ mac: macOf(i), path: `/${NETWORKS[i % 4]}` })))));
  }
  const expected = peers.map(() => ({ receivedFrames: 0, receivedBytes: 0, sentFrames: 0, sentBytes: 0, drops: 0 }));
  for (let from = 0; from < PEERS; from += 3) {
    // Every eleventh frame is for its own sender, and is lost.
    const to = from % 11 === 0 ? from : (from * 7 + 4) % PEERS;
    const isNear = to % 4 === from % 4;
    const frame = ethernetFrame(macOf(to), macOf(from), "x".repeat(from % 90));
    peers[from]?.send(frame);
    const [sender, receiver] = [expected[from] as Traffic, expected[to] as Traffic];
    sender.receivedFrames++;
    sender.receivedBytes += frame.length;
    if (to === from || !isNear) sender.drops++;
    else {
      receiver.sentFrames++;
      receiver.sentBytes += frame.length;
    }
  }
  const sum = expected.reduce(plus);
  await waitFor("the frames", () => control.server().traffic.receivedFrames === sum.receivedFrames);
  await waitFor("their delivery", () => control.server().traffic.sentFrames === sum.sentFrames);
  const rows = [...control.peers()];
  assert.equal(rows.length, PEERS);
  const byMac = new Map(rows.map((row) => [row.mac, row]));
  for (const [place, traffic] of expected.entries()) {
    const row = byMac.get(formatMac(0x0200, place));
    assert.deepEqual([row?.network, row?.connections, row?.traffic], [NETWORKS[place % 4], 1, traffic]);
  }
  assert.deepEqual(control.server().traffic, sum);
  assert.deepEqual(
    control
      .networks()
      .map(({ traffic }) => traffic)
      .reduce(plus),
    sum,
  );
  assert.equal(Array.from(control.fdb()).length, PEERS);
  const { here, held, joined } = control.server().peers;
  assert.deepEqual([here, held, joined, control.server().connections], [PEERS, 0, PEERS, PEERS]);
  for (const peer of peers) peer.vanish();
  await memory.server.stop();
});

function plus(one: Traffic, other: Traffic): Traffic {
  const sum = { ...one };
  for (const key of Object.keys(sum) as (keyof Traffic)[]) sum[key] += other[key];
  return sum;
}

function definitionOf(name: string) {
  const flooding = { bridge: false, floodBroadcast: true, floodMulticast: true };
  return { name, device: undefined, addresses: [], prefixes: [], ...flooding, mtu: 1500 };
}
