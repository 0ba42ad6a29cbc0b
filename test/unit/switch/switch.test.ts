import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import type { Port } from "../../../src/switch/port.ts";
import { SWITCH_DEFAULTS, Switch, type SwitchOptions } from "../../../src/switch/switch.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { type Mac, parseMac } from "../../../src/wire/mac.ts";
import { HandClock } from "../../hand-clock.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { RecordingEgress } from "../../recording-egress.ts";

const A = "02:00:00:00:00:0a" as Mac;
const B = "02:00:00:00:00:0b" as Mac;
const C = "02:00:00:00:00:0c" as Mac;
const D = "02:00:00:00:00:0d" as Mac;
const BEHIND = "02:00:00:00:01:01" as Mac;
const UNKNOWN = "02:00:00:00:02:02" as Mac;
const ZERO = "00:00:00:00:00:00";
const BROADCAST = "ff:ff:ff:ff:ff:ff";

interface Attached {
  readonly port: Port;
  readonly egress: RecordingEgress;
}

/** Destination, source, EtherType for local experiments, payload. */
function ethernet(destination: string, source: string, payload = "00"): Buffer {
  return Buffer.from(`${destination}${source}88b5${payload}`.replaceAll(":", ""), "hex");
}

describe("switch", () => {
  let clock: HandClock;
  let lan: Switch;

  function makeSwitch(options: Partial<SwitchOptions> = {}): void {
    clock = new HandClock();
    lan = new Switch({ clock }, { ...SWITCH_DEFAULTS, hashSeed: 42, ...options });
  }

  function attach(mac: Mac | undefined, options: { bridge?: boolean; isUplink?: boolean } = {}): Attached {
    const egress = new RecordingEgress();
    const { bridge = false, isUplink = false } = options;
    const port = lan.attach({ name: mac ?? "silent", mac, bridge, isUplink, egress });
    assert.ok(port);
    return { port, egress };
  }

  function forward({ port }: Attached, bytes: Buffer): void {
    lan.forward(port, new Frame(bytes).set(bytes, 0, bytes.length, false));
    lan.flush();
  }

  /** Which of the ports get the frame. */
  function reached(ingress: Attached, bytes: Buffer, ports: Readonly<Record<string, Attached>>): string {
    const before = Object.values(ports).map(({ egress }) => egress.frames.length);
    forward(ingress, bytes);
    const grew = Object.entries(ports).filter(([, { egress }], i) => egress.frames.length > (before[i] as number));
    for (const [, { egress }] of grew) assert.deepEqual(egress.frames.at(-1), bytes);
    return grew.map(([name]) => name).join(" ");
  }

  beforeEach(() => makeSwitch());

  describe("drops, and counts why", () => {
    const cases = [
      ["shorter than an Ethernet header", ethernet(B, A).subarray(0, 13), "runt"],
      ["of no bytes", Buffer.alloc(0), "runt"],
      ["with a zero source", ethernet(B, ZERO), "source-invalid"],
      ["with a broadcast source", ethernet(B, BROADCAST), "source-invalid"],
      ["with a zero destination", ethernet(ZERO, A), "destination-invalid"],
      ["to its own source", ethernet(A, A), "loop"],
      ["from another MAC than the port's", ethernet(B, UNKNOWN), "source-not-pinned"],
      ["to an unknown address without a bridge", ethernet(UNKNOWN, A), "no-destination"],
    ] as const;
    for (const [what, bytes, reason] of cases) {
      test(`a frame ${what}`, () => {
        const [a, b] = [attach(A), attach(B)];
        forward(a, bytes);
        assert.deepEqual(a.port.ingressDrops.toJSON(), { [reason]: 1 });
        assert.deepEqual([a.port.receivedFrames, a.port.receivedBytes], [1, bytes.length]);
        assert.deepEqual([b.egress.frames.length, b.port.egressDrops.total], [0, 0]);
        // What was dropped is nobody's lesson.
        assert.deepEqual([...lan.entries()].map(({ mac }) => mac).sort(), [A, B]);
      });
    }

    test("a frame whose destination is behind the port it came from", () => {
      const [bridge, a] = [attach(B, { bridge: true }), attach(A)];
      forward(bridge, ethernet(A, BEHIND));
      assert.equal(reached(bridge, ethernet(BEHIND, B), { bridge, a }), "");
      assert.deepEqual(bridge.port.ingressDrops.toJSON(), { "same-port": 1 });
    });

    test("a frame that its destination does not take, at the destination", () => {
      const [a, b] = [attach(A), attach(B)];
      b.egress.answer = Drop.egressFull;
      forward(a, ethernet(B, A));
      assert.deepEqual(b.port.egressDrops.toJSON(), { "egress-full": 1 });
      assert.deepEqual([b.port.sentFrames, b.port.sentBytes, a.port.ingressDrops.total], [0, 0, 0]);
      assert.deepEqual(b.egress.batches, [], "a port that took nothing is not flushed");
    });
  });

  describe("forwards", () => {
    test("known unicast to its port only", () => {
      const [a, b, c, bridge] = [attach(A), attach(B), attach(C), attach(D, { bridge: true })];
      assert.equal(reached(a, ethernet(B, A), { a, b, c, bridge }), "b");
      assert.deepEqual([b.port.sentFrames, b.port.sentBytes], [1, 15]);
    });

    test("unknown unicast to bridge ports only", () => {
      const [a, b, x, y] = [attach(A), attach(B), attach(C, { bridge: true }), attach(D, { bridge: true })];
      assert.equal(reached(a, ethernet(UNKNOWN, A), { a, b, x, y }), "x y");
      assert.equal(reached(x, ethernet(UNKNOWN, C), { a, b, x, y }), "y");
    });

    test("unicast to an address learned behind a bridge to that bridge only, and to its new place once it moved", () => {
      const [a, x, y] = [attach(A), attach(C, { bridge: true }), attach(D, { bridge: true })];
      forward(x, ethernet(A, BEHIND));
      assert.equal(reached(a, ethernet(BEHIND, A), { a, x, y }), "x");
      forward(y, ethernet(A, BEHIND));
      assert.equal(reached(a, ethernet(BEHIND, A), { a, x, y }), "y");
    });

    test("to an address learned behind a bridge as to an unknown one once it was silent for 300 s", () => {
      const [a, x, y] = [attach(A), attach(C, { bridge: true }), attach(D, { bridge: true })];
      forward(x, ethernet(A, BEHIND));
      clock.advance(300_000);
      lan.tick();
      assert.equal(reached(a, ethernet(BEHIND, A), { x, y }), "x");
      clock.advance(1);
      lan.tick();
      assert.equal(reached(a, ethernet(BEHIND, A), { x, y }), "x y");
      assert.equal(reached(a, ethernet(C, A), { x, y }), "x", "a port's own address never ages");
    });

    test("broadcast, and multicast of IPv4 and IPv6, to every other port", () => {
      const [a, b, bridge] = [attach(A), attach(B), attach(C, { bridge: true })];
      for (const group of [
        BROADCAST,
        "01:00:5e:00:00:fb",
        "01:00:5e:ff:ff:ff",
        "33:33:00:00:00:01",
        "33:33:ff:ff:ff:ff",
      ]) {
        assert.equal(reached(a, ethernet(group, A), { a, b, bridge }), "b bridge", group);
      }
    });

    test("other group addresses to bridge ports only", () => {
      const [a, b, bridge] = [attach(A), attach(B), attach(C, { bridge: true })];
      // spanning tree, LLDP, one beside 01:00:5e, one beside 33:33, IS-IS
      for (const group of [
        "01:80:c2:00:00:00",
        "01:80:c2:00:00:0e",
        "01:00:5f:00:00:01",
        "33:32:00:00:00:01",
        "09:00:2b:00:00:05",
      ]) {
        assert.equal(reached(a, ethernet(group, A), { a, b, bridge }), "bridge", group);
      }
      assert.equal(a.port.ingressDrops.total, 0);
    });

    test("broadcast to bridge ports only if it is switched off, and multicast still to all", () => {
      makeSwitch({ floodBroadcast: false });
      const [a, b, bridge] = [attach(A), attach(B), attach(C, { bridge: true })];
      assert.equal(reached(a, ethernet(BROADCAST, A), { a, b, bridge }), "bridge");
      assert.equal(reached(a, ethernet("33:33:00:00:00:01", A), { a, b, bridge }), "b bridge");
    });

    test("multicast to bridge ports only if it is switched off, and broadcast still to all", () => {
      makeSwitch({ floodMulticast: false });
      const [a, b, bridge] = [attach(A), attach(B), attach(C, { bridge: true })];
      assert.equal(reached(a, ethernet("01:00:5e:00:00:fb", A), { a, b, bridge }), "bridge");
      assert.equal(reached(a, ethernet("33:33:00:00:00:01", A), { a, b, bridge }), "bridge");
      assert.equal(reached(a, ethernet(BROADCAST, A), { a, b, bridge }), "b bridge");
    });

    test("what a bridge sends from any address, also one with a group bit, which nobody learns", () => {
      const [a, bridge] = [attach(A), attach(C, { bridge: true })];
      assert.equal(reached(bridge, ethernet(A, UNKNOWN), { a, bridge }), "a");
      assert.equal(reached(bridge, ethernet(A, "03:00:00:00:00:01"), { a, bridge }), "a");
      assert.deepEqual([...lan.entries()].map(({ mac }) => mac).sort(), [A, C, UNKNOWN].sort());
    });

    test("the rest of a flood if one port is full", () => {
      const [a, b, c] = [attach(A), attach(B), attach(C)];
      b.egress.answer = Drop.egressFull;
      assert.equal(reached(a, ethernet(BROADCAST, A), { a, b, c }), "c");
      assert.equal(b.port.egressDrops.get(Drop.egressFull), 1);
    });

    test("a frame as a window on borrowed bytes, whatever lies around it", () => {
      const [a, b] = [attach(A), attach(B)];
      const bytes = Buffer.concat([Buffer.alloc(26, 0xee), ethernet(B, A, "0102"), Buffer.alloc(9, 0xdd)]);
      lan.forward(a.port, new Frame(bytes).set(bytes, 26, 42, true));
      assert.deepEqual(b.egress.frames, [ethernet(B, A, "0102")]);
      assert.equal(b.port.sentBytes, 16, "the virtio-net header is no part of the frame");
    });
  });

  describe("a port without an announced MAC", () => {
    test("gets no frames until its first one shows its MAC, which is its own from then on", () => {
      const [a, silent] = [attach(A), attach(undefined)];
      assert.equal(reached(a, ethernet(BROADCAST, A), { silent }), "");
      assert.equal(silent.port.mac, undefined);
      assert.equal(reached(silent, ethernet(A, B), { a }), "a");
      assert.equal(silent.port.mac, B);
      assert.equal(reached(a, ethernet(B, A), { silent }), "silent");
      forward(silent, ethernet(A, C));
      assert.deepEqual(silent.port.ingressDrops.toJSON(), { "source-not-pinned": 1 });
    });

    test("does not take a group address for its own", () => {
      const [, silent] = [attach(A), attach(undefined)];
      forward(silent, ethernet(A, "03:00:00:00:00:01"));
      assert.deepEqual(silent.port.ingressDrops.toJSON(), { "source-invalid": 1 });
      assert.equal(silent.port.mac, undefined);
    });

    test("and a bridge: its first MAC is its own, the others are learned", () => {
      const [a, silent] = [attach(A), attach(undefined, { bridge: true })];
      assert.equal(reached(a, ethernet(UNKNOWN, A), { silent }), "", "not even unknown unicast");
      forward(silent, ethernet(A, B));
      forward(silent, ethernet(A, BEHIND));
      assert.equal(reached(a, ethernet(B, A), { silent }), "silent");
      assert.deepEqual(
        [...lan.entries()].filter(({ pinned }) => !pinned).map(({ mac }) => mac),
        [BEHIND],
      );
    });
  });

  describe("ports that come and go", () => {
    test("what was learned behind a port that left is unknown again", () => {
      const [a, x, y] = [attach(A), attach(C, { bridge: true }), attach(D, { bridge: true })];
      forward(x, ethernet(A, BEHIND));
      lan.detach(x.port);
      lan.detach(x.port);
      assert.equal(reached(a, ethernet(BEHIND, A), { x, y }), "y");
      assert.equal(reached(a, ethernet(C, A), { x, y }), "y");
    });

    test("the number of a port that left is used again, and the new port gets nothing of the old one's", () => {
      const [a, b] = [attach(A), attach(B)];
      lan.detach(a.port);
      const c = attach(C);
      assert.equal(c.port.index, a.port.index);
      assert.equal(reached(b, ethernet(A, B), { a, c }), "");
      assert.equal(reached(b, ethernet(C, B), { a, c }), "c");
    });

    test("a client that comes again before its old port left gets its frames at the new one, also afterwards", () => {
      const [a, old] = [attach(A), attach(B)];
      const again = attach(B);
      assert.equal(reached(a, ethernet(B, A), { old, again }), "again");
      lan.detach(old.port);
      assert.equal(reached(a, ethernet(B, A), { again }), "again");
    });

    test("if the newer of two ports with one MAC leaves, the older one has it", () => {
      const [a, old] = [attach(A), attach(B)];
      const again = attach(B);
      lan.detach(again.port);
      assert.equal(reached(a, ethernet(B, A), { old }), "old");
    });

    test("of three ports with one MAC the newest keeps it when the oldest leaves", () => {
      const [a, first, second, third] = [attach(A), attach(B), attach(B), attach(B)];
      lan.detach(first.port);
      assert.equal(reached(a, ethernet(B, A), { second, third }), "third");
    });

    test("a frame for a port that left while the batch was going on is unknown unicast", () => {
      const [a, b] = [attach(A), attach(B)];
      const bytes = ethernet(B, A);
      lan.forward(a.port, new Frame(bytes).set(bytes, 0, bytes.length, false));
      lan.detach(b.port);
      lan.forward(a.port, new Frame(bytes).set(bytes, 0, bytes.length, false));
      lan.flush();
      assert.equal(b.egress.frames.length, 1);
      assert.deepEqual(a.port.ingressDrops.toJSON(), { "no-destination": 1 });
    });

    test("no port is attached beyond the bound, and one is once another left", () => {
      makeSwitch({ maxPorts: 2 });
      const [a] = [attach(A), attach(B)];
      const egress = new RecordingEgress();
      assert.equal(lan.attach({ name: "third", mac: C, bridge: false, egress }), undefined);
      lan.detach(a.port);
      assert.ok(lan.attach({ name: "third", mac: C, bridge: false, egress }));
    });
  });

  test("a bridge frame whose source cannot be learned goes on and is counted", () => {
    makeSwitch({ fdbCapacity: 1 });
    const [a, bridge] = [attach(A), attach(C, { bridge: true })];
    for (const source of [BEHIND, UNKNOWN, UNKNOWN]) assert.equal(reached(bridge, ethernet(A, source), { a }), "a");
    assert.equal(bridge.port.unlearnedFrames, 2);
    assert.equal(bridge.port.ingressDrops.total, 0);
  });

  test("a batch is flushed once at each port it reached, and only there", () => {
    const [a, b, c] = [attach(A), attach(B), attach(C)];
    for (const to of [B, B, BROADCAST]) {
      const bytes = ethernet(to, A);
      lan.forward(a.port, new Frame(bytes).set(bytes, 0, bytes.length, false));
    }
    lan.flush();
    lan.flush();
    assert.deepEqual([a.egress.batches, b.egress.batches, c.egress.batches], [[], [3], [1]]);
  });

  test("a hundred thousand frames, unicast, flooded and dropped, are forwarded without allocating", () => {
    const quiet = { deliver: () => Drop.none, flush: () => {} };
    const ports = [A, B, C, D].map((mac, i) => lan.attach({ name: mac, mac, bridge: i === 3, egress: quiet }) as Port);
    const bytes = Buffer.concat([ethernet(B, A), ethernet(BROADCAST, A), ethernet(UNKNOWN, A), ethernet(B, UNKNOWN)]);
    const frame = new Frame(bytes);
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        const start = 15 * (i & 3);
        lan.forward(ports[(i & 7) === 7 ? 3 : 0] as Port, frame.set(bytes, start, start + 15, false));
        if ((i & 63) === 63) lan.flush();
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });

  test("addresses in these tests are addresses", () => {
    for (const mac of [A, B, C, D, BEHIND, UNKNOWN]) assert.equal(parseMac(mac), mac);
  });

  test("a port that announced no MAC cannot take that of the uplink by its first frame", () => {
    makeSwitch();
    const uplink = attach(A, { isUplink: true });
    const [thief, other] = [attach(undefined), attach(B)];
    forward(thief, ethernet(BROADCAST, A));
    assert.equal(thief.port.ingressDrops.get(Drop.sourceNotPinned), 1);
    assert.equal(thief.port.ready, false);
    assert.equal(reached(other, ethernet(A, B), { uplink, thief }), "uplink");
  });
});
