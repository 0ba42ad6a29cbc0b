import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Drop } from "../../src/base/drop-reason.ts";
import type { Port } from "../../src/switch/port.ts";
import { SWITCH_DEFAULTS, Switch, type SwitchOptions } from "../../src/switch/switch.ts";
import { Frame } from "../../src/wire/frame.ts";
import type { Mac } from "../../src/wire/mac.ts";
import { HandClock } from "../hand-clock.ts";
import { type NaivePort, NaiveSwitch, type NaiveVerdict } from "../naive-switch.ts";
import { RecordingEgress } from "../recording-egress.ts";

/** Hosts that meet often, and every kind of address that has a rule of its own. */
const HOSTS = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "fe:ff:ff:ff:ff:fe", "00:00:00:00:00:01"];
const SPECIAL = [
  "00:00:00:00:00:00",
  "ff:ff:ff:ff:ff:ff",
  "01:00:5e:00:00:fb",
  "33:33:00:00:00:01",
  "01:80:c2:00:00:00",
  "03:00:00:00:00:07",
  "01:00:5f:00:00:01",
];
const MAX_PORTS = 6;

type Step =
  | { readonly kind: "join"; readonly mac: string | undefined; readonly bridge: boolean }
  | { readonly kind: "leave"; readonly nth: number }
  | {
      readonly kind: "frame";
      readonly nth: number;
      readonly destination: string;
      readonly source: string;
      readonly bytes: number;
    }
  | { readonly kind: "runt"; readonly nth: number; readonly bytes: number }
  | { readonly kind: "jam"; readonly nth: number; readonly full: boolean }
  | { readonly kind: "flush" }
  | { readonly kind: "wait"; readonly ms: number };

const host = fc.constantFrom(...HOSTS);
const address = fc.oneof({ weight: 4, arbitrary: host }, { weight: 2, arbitrary: fc.constantFrom(...SPECIAL) });
const nth = fc.nat(MAX_PORTS - 1);
const join: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("join" as const),
  mac: fc.option(host, { nil: undefined }),
  bridge: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: join },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), nth }) },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant("frame" as const),
      nth,
      destination: address,
      source: address,
      bytes: fc.integer({ min: 14, max: 80 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("runt" as const), nth, bytes: fc.nat(13) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("jam" as const), nth, full: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 150_000, 300_001) }) },
);
const joins = fc.array(join, { minLength: 2, maxLength: MAX_PORTS });
const steps = fc.array(step, { maxLength: 150, size: "max" });
const options = fc.record({
  floodBroadcast: fc.boolean(),
  floodMulticast: fc.boolean(),
  fdbCapacity: fc.constantFrom(1, 2, 100),
});

/** A port of both switches, with what the naive one says should have happened to it. */
class Twin {
  readonly fast: Port;
  readonly naive: NaivePort;
  readonly egress: RecordingEgress;
  readonly expectedFrames: Buffer[] = [];
  readonly expectedDrops: Record<string, number> = {};
  received = 0;
  receivedBytes = 0;
  expectedRefused = 0;

  constructor(fast: Port, naive: NaivePort, egress: RecordingEgress) {
    this.fast = fast;
    this.naive = naive;
    this.egress = egress;
  }

  check(): void {
    assert.deepEqual(this.egress.frames, this.expectedFrames, `${this.fast.name}: other frames, or another order`);
    assert.deepEqual(this.fast.ingressDrops.toJSON(), this.expectedDrops);
    assert.equal(this.fast.mac, this.naive.mac);
    this.#checkCounters();
  }

  /** Received is forwarded and dropped; offered is sent and refused: nothing is lost without a reason. */
  #checkCounters(): void {
    const { fast, expectedFrames } = this;
    assert.deepEqual([fast.receivedFrames, fast.receivedBytes], [this.received, this.receivedBytes]);
    assert.deepEqual(
      fast.egressDrops.toJSON(),
      this.expectedRefused > 0 ? { "egress-full": this.expectedRefused } : {},
    );
    assert.equal(fast.sentFrames, expectedFrames.length);
    assert.equal(
      fast.sentBytes,
      expectedFrames.reduce((sum, { length }) => sum + length, 0),
    );
    assert.equal(this.egress.refused, this.expectedRefused);
  }
}

/** Both switches side by side. */
class Comparison {
  readonly #clock = new HandClock();
  readonly #fast: Switch;
  readonly #naive: NaiveSwitch;
  readonly #present: Twin[] = [];
  readonly #all: Twin[] = [];
  #tickMs = 0;
  #serial = 0;
  #forwarded = 0;

  constructor(chosen: Pick<SwitchOptions, "floodBroadcast" | "floodMulticast" | "fdbCapacity">) {
    const complete = { ...SWITCH_DEFAULTS, ...chosen, maxPorts: MAX_PORTS, hashSeed: 99 };
    this.#fast = new Switch({ clock: this.#clock }, complete);
    this.#naive = new NaiveSwitch(complete);
  }

  take(one: Step): void {
    if (one.kind === "join") this.#join(one.mac, one.bridge);
    else if (one.kind === "flush") this.#fast.flush();
    else if (one.kind === "wait") this.#wait(one.ms);
    else {
      const twin = this.#present[one.nth];
      if (twin === undefined) return;
      if (one.kind === "leave") this.#leave(twin);
      else if (one.kind === "jam") twin.egress.answer = one.full ? Drop.egressFull : Drop.none;
      else if (one.kind === "runt") this.#runt(twin, Buffer.alloc(one.bytes, 2));
      else this.#frame(twin, one.destination, one.source, one.bytes);
    }
  }

  finish(): void {
    this.#fast.flush();
    for (const twin of this.#all) twin.check();
    const learned = [...this.#fast.entries()].filter(({ pinned }) => !pinned);
    assert.deepEqual(learned.map(({ mac }): string => mac).sort(), this.#naive.learned.map(({ mac }) => mac).sort());
    const unlearned = this.#all.reduce((sum, { fast }) => sum + fast.unlearnedFrames, 0);
    assert.equal(unlearned, this.#naive.unlearned);
    const sum = (pick: (twin: Twin) => number): number => this.#all.reduce((total, twin) => total + pick(twin), 0);
    assert.equal(
      sum(({ fast }) => fast.receivedFrames),
      this.#forwarded + sum(({ fast }) => fast.ingressDrops.total),
    );
  }

  #join(mac: string | undefined, bridge: boolean): void {
    const egress = new RecordingEgress();
    const fast = this.#fast.attach({ name: `port ${this.#all.length}`, mac: mac as Mac | undefined, bridge, egress });
    assert.equal(fast === undefined, this.#present.length === MAX_PORTS);
    if (fast === undefined) return;
    const naive = { id: this.#all.length, index: fast.index, bridge, mac };
    this.#naive.attach(naive);
    const twin = new Twin(fast, naive, egress);
    this.#present.push(twin);
    this.#all.push(twin);
  }

  #leave(twin: Twin): void {
    this.#fast.detach(twin.fast);
    this.#naive.detach(twin.naive);
    this.#present.splice(this.#present.indexOf(twin), 1);
  }

  #wait(ms: number): void {
    this.#clock.advance(ms);
    this.#tickMs = this.#clock.nowMs();
    this.#fast.tick();
    this.#naive.tick(this.#tickMs);
  }

  #runt(twin: Twin, bytes: Buffer): void {
    this.#give(twin, bytes);
    this.#expect(twin, bytes, { dropped: "runt" });
  }

  #frame(twin: Twin, destination: string, source: string, length: number): void {
    const addresses = Buffer.from(`${destination}${source}`.replaceAll(":", ""), "hex");
    // No two frames are alike, so that order shows.
    const bytes = Buffer.concat([addresses, Buffer.alloc(length - 12, this.#serial++ & 0xff)]);
    const verdict = this.#naive.forward(twin.naive, { destination, source }, this.#tickMs);
    this.#give(twin, bytes);
    this.#expect(twin, bytes, verdict);
  }

  #give({ fast }: Twin, bytes: Buffer): void {
    this.#fast.forward(fast, new Frame(bytes).set(bytes, 0, bytes.length, false));
  }

  #expect(ingress: Twin, bytes: Buffer, { dropped, ports }: NaiveVerdict): void {
    ingress.received++;
    ingress.receivedBytes += bytes.length;
    if (dropped !== undefined) {
      ingress.expectedDrops[dropped] = (ingress.expectedDrops[dropped] ?? 0) + 1;
      return;
    }
    this.#forwarded++;
    for (const id of ports) {
      const twin = this.#all[id] as Twin;
      if (twin.egress.answer === Drop.none) twin.expectedFrames.push(bytes);
      else twin.expectedRefused++;
    }
  }
}

describe("switch", () => {
  test("does to every frame what the naive switch does, in the same order at each port, and its counters add up", () => {
    fc.assert(
      fc.property(options, joins, steps, (chosen, first, then) => {
        const comparison = new Comparison(chosen);
        for (const one of [...first, ...then]) comparison.take(one);
        comparison.finish();
      }),
      { numRuns: 1_500 },
    );
  });
});
