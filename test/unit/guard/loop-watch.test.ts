import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { DEFAULT_PORT_RULES } from "../../../src/switch/port-rules.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { ethernet, type GuardedPort, GuardedSwitch } from "../../guarded-switch.ts";

const SERVER = "02:00:00:00:00:01" as Mac;
const A = "02:00:00:00:00:0a" as Mac;
const B = "02:00:00:00:00:0b" as Mac;
const C = "02:00:00:00:00:0c" as Mac;
const BEHIND = "02:00:00:00:01:01";
const BROADCAST = "ff:ff:ff:ff:ff:ff";

const isProbe = (bytes: Buffer): boolean => bytes.subarray(12, 14).toString("hex") === "88b5";

describe("loop watch", () => {
  let net: GuardedSwitch;
  beforeEach(() => {
    net = new GuardedSwitch();
  });

  const bridge = (name: string, mac: Mac, owner = name): GuardedPort => net.addPeer(name, owner, mac, { bridge: true });
  const probes = ({ egress }: GuardedPort): Buffer[] => egress.frames.filter(isProbe);

  /** Carries the newest probe that one port was sent to another one. */
  function carryProbe(from: GuardedPort, to: GuardedPort): void {
    const probe = probes(from).at(-1);
    assert.ok(probe, "there was a probe");
    net.forward(to, probe);
  }

  test("every two seconds each bridge gets a fresh probe, and nobody else does", () => {
    const [a, b] = [bridge("a", A), net.addPeer("b", "bob", B)];
    const silent = net.addPeer("silent", "carol", undefined, { bridge: true });
    const uplink = net.addUplink(SERVER);
    net.pass(20_000);
    assert.ok(probes(a).length >= 6 && probes(a).length <= 10, `${probes(a).length}`);
    assert.equal(new Set(probes(a).map((bytes) => bytes.toString("hex"))).size, probes(a).length);
    for (const other of [b, silent, uplink]) assert.equal(other.egress.frames.length, 0);
    assert.equal(a.port.sentFrames, probes(a).length);
    assert.equal(a.egress.batches.length, probes(a).length);
    const source = (probes(a)[0] as Buffer)[6] as number;
    assert.equal(source & 0x03, 0x02, "locally administered, no group");
  });

  test("of two bridges of one LAN the second is shut, says so, and opens again", () => {
    const [a, b, c] = [bridge("a", A), bridge("b", B), net.addPeer("c", "carol", C)];
    net.pass(2_000);
    carryProbe(a, b);
    carryProbe(b, a);
    assert.deepEqual(net.told, ["b shut for 30000: loop-probe"]);
    assert.equal(a.port.ingressDrops.get(Drop.loopProbe), 1);
    net.forward(b, ethernet(C, B));
    net.forward(c, ethernet(BROADCAST, C));
    assert.deepEqual(b.port.ingressDrops.toJSON(), { "loop-probe": 1, "port-shut": 1 });
    assert.deepEqual(b.port.egressDrops.toJSON(), { "port-shut": 1 });
    assert.equal(c.egress.frames.length, 0);
    const sent = probes(b).length;
    net.pass(29_000);
    assert.equal(probes(b).length, sent, "nothing is sent to a shut port");
    net.pass(1_000);
    assert.deepEqual(net.told.slice(1), ["b open"]);
    net.forward(b, ethernet(C, B));
    assert.equal(c.egress.frames.length, 1);
  });

  test("a loop that stays is shut for twice as long each time", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    for (let i = 0; i < 3; i++) {
      net.pass(3_000);
      carryProbe(a, b);
      net.pass(300_000);
    }
    assert.deepEqual(
      net.told.filter((text) => text.includes("shut")),
      ["30000", "60000", "120000"].map((ms) => `b shut for ${ms}: loop-probe`),
    );
  });

  test("a probe that comes back to where it was sent shuts that port", () => {
    const a = bridge("a", A);
    net.pass(2_000);
    carryProbe(a, a);
    assert.deepEqual(net.told, ["a shut for 30000: loop-probe"]);
  });

  test("a probe that comes in at the uplink shuts the port it was sent to; the uplink is never shut", () => {
    const [uplink, a] = [net.addUplink(SERVER, { bridge: true }), bridge("a", A)];
    net.pass(2_000);
    carryProbe(a, uplink);
    assert.deepEqual(net.told, ["a shut for 30000: loop-probe"]);
    carryProbe(uplink, uplink);
    assert.equal(net.told.length, 1);
    net.pass(40_000);
    carryProbe(uplink, a);
    assert.deepEqual(net.told.slice(1), ["a open", "a shut for 60000: loop-probe"]);
  });

  test("only live nonces count: what is old, forged or another network's is an ordinary frame", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    net.pass(2_000);
    const old = probes(a)[0] as Buffer;
    const forged = Buffer.from(probes(a).at(-1) as Buffer);
    forged[41] = (forged[41] as number) ^ 1;
    const noPort = Buffer.from(forged);
    noPort.writeUInt16BE(0xffff, 22);
    const noSlot = Buffer.from(forged);
    noSlot.writeUInt16BE(0xffff, 24);
    const zeros = Buffer.from(forged).fill(0, 26);
    zeros.writeUInt16BE(7, 24);
    for (const bytes of [forged, noPort, noSlot, zeros]) net.forward(b, bytes);
    net.pass(30_000);
    net.forward(b, old);
    assert.deepEqual(net.told, []);
    assert.equal(a.egress.frames.filter((bytes) => bytes.equals(forged)).length, 1);
  });

  test("a port that left is neither opened nor shut any more, and its probes are ordinary frames", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    net.pass(2_000);
    carryProbe(a, b);
    net.remove(b);
    const gone = probes(a).at(-1) as Buffer;
    net.remove(a);
    const c = bridge("c", C);
    net.forward(c, gone);
    net.pass(40_000);
    assert.deepEqual(net.told, ["b shut for 30000: loop-probe"]);
    assert.equal(c.port.ingressDrops.get(Drop.loopProbe), 0);
  });

  test("a MAC that flaps between two bridges of its user shuts the newer one", () => {
    const [a, b] = [bridge("a", A, "ann"), bridge("b", B, "ann")];
    for (let i = 0; i < 12; i++) net.forward(i % 2 === 0 ? b : a, ethernet(C, BEHIND));
    assert.deepEqual(net.told, ["b shut for 30000: mac-flap"]);
  });

  test("a MAC that flaps between a bridge and the uplink shuts the bridge, whichever it came to last", () => {
    const [a, uplink] = [bridge("a", A), net.addUplink(SERVER, { bridge: true })];
    for (let i = 0; i < 12; i++) net.forward(i % 2 === 0 ? a : uplink, ethernet(BROADCAST, BEHIND));
    assert.deepEqual(net.told, ["a shut for 30000: mac-flap"]);
  });

  test("a host that moves now and then shuts nothing", () => {
    const [a, b] = [bridge("a", A, "ann"), bridge("b", B, "ann")];
    for (let i = 0; i < 100; i++) {
      net.forward(i % 2 === 0 ? b : a, ethernet(C, BEHIND));
      net.pass(2_000);
    }
    assert.deepEqual(net.told, []);
  });

  test("switched off, it opens what is shut, and sends and finds nothing", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    net.pass(2_000);
    carryProbe(a, b);
    net.guard.setOptions({ ...GUARD_DEFAULTS, loopDetection: false });
    assert.deepEqual(net.told.slice(1), ["b open"]);
    const sent = probes(a).length;
    net.pass(10_000);
    assert.equal(probes(a).length, sent);
    carryProbe(a, b);
    assert.equal(b.port.ingressDrops.get(Drop.loopProbe), 1);
  });

  test("rules that are reloaded do not open a shut port, and its number's next port is open", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    net.pass(2_000);
    carryProbe(a, b);
    net.guard.guardPeer(b.port, "b", { ...DEFAULT_PORT_RULES, bridge: true });
    net.forward(b, ethernet(C, B));
    assert.equal(b.port.ingressDrops.get(Drop.portShut), 1);
    net.remove(b);
    const next = bridge("next", C);
    assert.equal(next.port.index, b.port.index);
    net.forward(next, ethernet(BROADCAST, C));
    assert.equal(next.port.ingressDrops.total, 0);
  });

  test("who leaves while his port is shut finds it shut when he comes back, for as long as it would have been", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    net.pass(2_000);
    carryProbe(a, b);
    net.pass(10_000);
    net.remove(b);
    const again = bridge("b", B);
    assert.deepEqual(net.told.slice(1), ["b shut for 20000: came-back"]);
    net.forward(again, ethernet(A, B));
    assert.equal(again.port.ingressDrops.get(Drop.portShut), 1);
    net.pass(20_000);
    assert.deepEqual(net.told.slice(2), ["b open"]);
    net.remove(again);
    const third = bridge("b", B);
    net.pass(2_000);
    carryProbe(a, third);
    assert.deepEqual(net.told.slice(3), ["b shut for 60000: loop-probe"], "his past is not forgotten either");
  });

  test("nobody is remembered when loops are not looked for any more", () => {
    const [a, b] = [bridge("a", A), bridge("b", B)];
    net.pass(2_000);
    carryProbe(a, b);
    net.remove(b);
    net.guard.setOptions({ ...GUARD_DEFAULTS, loopDetection: false });
    net.guard.setOptions(GUARD_DEFAULTS);
    const again = bridge("b", B);
    net.forward(again, ethernet(A, B));
    assert.equal(again.port.ingressDrops.total, 0);
  });
});
