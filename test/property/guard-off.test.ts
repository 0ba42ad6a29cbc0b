import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { GUARD_OFF } from "../../src/guard/guard-options.ts";
import { DEFAULT_PORT_RULES } from "../../src/switch/port-rules.ts";
import { SWITCH_DEFAULTS, Switch } from "../../src/switch/switch.ts";
import { Frame } from "../../src/wire/frame.ts";
import type { Mac } from "../../src/wire/mac.ts";
import { ethernet, type GuardedPort, GuardedSwitch } from "../guarded-switch.ts";
import { RecordingEgress } from "../recording-egress.ts";

const HOSTS = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "fe:ff:ff:ff:ff:fe"] as const;
const SPECIAL = ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb", "01:80:c2:00:00:00", "00:00:00:00:00:00"] as const;
const USERS = ["ann", "bob"] as const;

const nth = fc.nat(5);
const host = fc.constantFrom(...HOSTS);
const payload = fc.constantFrom("0800", "0806", "86dd6000", "88b5", "08004500001400000000400000000a0000010a000002");
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("join" as const),
      user: fc.constantFrom(...USERS),
      mac: fc.option(host, { nil: undefined }),
      bridge: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), nth }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("frame" as const),
      nth,
      destination: fc.constantFrom(...HOSTS, ...SPECIAL),
      source: host,
      payload,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 301_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A switch without a guard and one with a guard that watches nothing, fed alike. */
class Comparison {
  readonly #guarded = new GuardedSwitch(GUARD_OFF);
  readonly #bare = new Switch({ clock: this.#guarded.clock }, { ...SWITCH_DEFAULTS, hashSeed: 42 });
  readonly #present: (readonly [GuardedPort, GuardedPort])[] = [];

  take(one: Step): void {
    if (one.kind === "join") this.#present.push([this.#join(one), this.#joinGuarded(one)]);
    else if (one.kind === "wait") this.#wait(one.ms);
    else if (one.kind === "leave") this.#leave(one.nth);
    else this.#forward(one);
  }

  check(): void {
    for (const [bare, guarded] of this.#present) {
      assert.deepEqual(guarded.egress.frames, bare.egress.frames);
      assert.deepEqual(guarded.port.ingressDrops.toJSON(), bare.port.ingressDrops.toJSON());
      assert.equal(guarded.port.mac, bare.port.mac);
    }
  }

  #join({ mac, bridge }: Step & { readonly kind: "join" }): GuardedPort {
    const egress = new RecordingEgress();
    const port = this.#bare.attach({ name: "bare", mac: mac as Mac | undefined, bridge, egress });
    assert.ok(port);
    return { port, egress };
  }

  #joinGuarded({ user, mac, bridge }: Step & { readonly kind: "join" }): GuardedPort {
    return this.#guarded.addPeer("guarded", user, mac as Mac | undefined, { ...DEFAULT_PORT_RULES, bridge });
  }

  #leave(at: number): void {
    const [pair] = this.#present.splice(at, 1);
    if (pair === undefined) return;
    this.#bare.detach(pair[0].port);
    this.#guarded.remove(pair[1]);
  }

  #wait(ms: number): void {
    this.#guarded.pass(ms);
    this.#bare.tick();
  }

  #forward({ nth: at, destination, source, payload: rest }: Step & { readonly kind: "frame" }): void {
    const pair = this.#present[at];
    if (pair === undefined) return;
    const bytes = ethernet(destination, source, rest);
    this.#bare.forward(pair[0].port, new Frame(bytes).set(bytes, 0, bytes.length, false));
    this.#bare.flush();
    this.#guarded.forward(pair[1], bytes);
  }
}

describe("a guard that is switched off", () => {
  test("changes nothing that a switch does without one, and counts nothing otherwise", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const comparison = new Comparison();
        for (const one of steps) {
          comparison.take(one);
          comparison.check();
        }
      }),
      { numRuns: 150 },
    );
  });
});
