import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import type { PortGuard } from "../../../src/switch/port-guard.ts";
import { SWITCH_DEFAULTS, Switch } from "../../../src/switch/switch.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingEgress } from "../../recording-egress.ts";

const UPLINK = "02:00:00:00:00:01" as Mac;
const ALICE = "02:00:00:00:00:0a" as Mac;
const BOB = "02:00:00:00:00:0b" as Mac;
const BEHIND = "02:00:00:00:00:0c" as Mac;
const STRANGE = "02:00:00:00:00:0d" as Mac;
const BROADCAST = "ff:ff:ff:ff:ff:ff" as Mac;

/** Answers what it is told to, and notes what it was asked. */
class ScriptedGuard implements PortGuard {
  readonly asked: string[] = [];
  readonly answers: Partial<Record<"inspect" | "source" | "unknown" | "permit", DropReason>> = {};

  inspect(): DropReason {
    return this.#answer("inspect");
  }

  admitSource(_hi: number, _lo: number, knownAt: number): DropReason {
    this.asked.push(`known at ${knownAt}`);
    return this.#answer("source");
  }

  admitUnknown(): DropReason {
    return this.#answer("unknown");
  }

  permit(): DropReason {
    return this.#answer("permit");
  }

  #answer(question: "inspect" | "source" | "unknown" | "permit"): DropReason {
    this.asked.push(question);
    return this.answers[question] ?? Drop.none;
  }
}

describe("a port with a guard", () => {
  let network: Switch;
  let alice: ReturnType<typeof attach>;
  let bridge: ReturnType<typeof attach>;
  let uplink: ReturnType<typeof attach>;

  function attach(name: string, mac: Mac | undefined, options: { bridge?: boolean; isUplink?: boolean } = {}) {
    const egress = new RecordingEgress();
    const port = network.attach({ name, mac, bridge: false, egress, ...options });
    assert.ok(port);
    const guard = new ScriptedGuard();
    port.guard = guard;
    return { port, egress, guard };
  }

  function send(from: ReturnType<typeof attach>, destination: Mac, source: Mac): void {
    const bytes = Buffer.from(`${destination}${source}`.replaceAll(":", "").concat("08004500"), "hex");
    network.forward(from.port, new Frame(bytes).set(bytes, 0, bytes.length, false));
    network.flush();
  }

  beforeEach(() => {
    network = new Switch({ clock: new HandClock() }, { ...SWITCH_DEFAULTS, hashSeed: 1 });
    uplink = attach("uplink", UPLINK, { isUplink: true });
    alice = attach("alice", ALICE);
    bridge = attach("bridge", BOB, { bridge: true });
  });

  test("is asked at the way in, and the receiver's at the way out", () => {
    send(alice, BOB, ALICE);
    assert.deepEqual(alice.guard.asked, ["inspect"]);
    assert.deepEqual(bridge.guard.asked, ["permit"]);
    assert.equal(bridge.egress.frames.length, 1);
  });

  test("drops what it refuses on the way in, before anything is learned", () => {
    bridge.guard.answers.inspect = Drop.arpSpoof;
    send(bridge, ALICE, BEHIND);
    assert.equal(bridge.port.ingressDrops.get(Drop.arpSpoof), 1);
    assert.equal(alice.egress.frames.length, 0);
    assert.ok([...network.entries()].every(({ mac }) => mac !== BEHIND));
  });

  test("counts what it refuses on the way out at the receiver", () => {
    bridge.guard.answers.permit = Drop.rateDown;
    send(alice, BOB, ALICE);
    assert.equal(bridge.port.egressDrops.get(Drop.rateDown), 1);
    assert.equal(bridge.egress.frames.length, 0);
  });

  test("is asked once for a source that is new, with the port that had it", () => {
    send(bridge, ALICE, BEHIND);
    send(bridge, ALICE, BEHIND);
    assert.deepEqual(bridge.guard.asked, ["inspect", "known at -1", "source", "inspect"]);
    const other = attach("other", undefined, { bridge: true });
    send(other, ALICE, STRANGE);
    send(other, ALICE, BEHIND);
    assert.deepEqual(other.guard.asked.slice(-3), ["inspect", `known at ${bridge.port.index}`, "source"]);
  });

  test("may refuse the source that would pin a silent port", () => {
    const silent = attach("silent", undefined);
    silent.guard.answers.source = Drop.macNotYours;
    send(silent, UPLINK, ALICE);
    assert.equal(silent.port.ready, false);
    assert.equal(silent.port.ingressDrops.get(Drop.macNotYours), 1);
    silent.guard.answers.source = Drop.none;
    send(silent, UPLINK, STRANGE);
    assert.equal(silent.port.mac, STRANGE);
  });

  test("bounds unknown unicast", () => {
    alice.guard.answers.unknown = Drop.stormUnknown;
    send(alice, STRANGE, ALICE);
    assert.equal(alice.port.ingressDrops.get(Drop.stormUnknown), 1);
    assert.equal(bridge.egress.frames.length, 0);
  });

  test("an isolated port reaches the uplink, and nobody but the uplink reaches it", () => {
    alice.port.isolated = true;
    send(alice, BOB, ALICE);
    send(bridge, ALICE, BOB);
    assert.equal(alice.port.ingressDrops.get(Drop.isolated), 1);
    assert.equal(bridge.port.ingressDrops.get(Drop.isolated), 1);
    send(alice, BROADCAST, ALICE);
    send(bridge, BROADCAST, BOB);
    assert.equal(bridge.egress.frames.length, 0);
    assert.equal(alice.egress.frames.length, 0);
    assert.equal(uplink.egress.frames.length, 2);
    send(uplink, ALICE, UPLINK);
    assert.equal(alice.egress.frames.length, 1);
  });
});
