import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { ethernet, type GuardedPort, GuardedSwitch } from "../../guarded-switch.ts";

const A = "02:00:00:00:00:0a" as Mac;
const B = "02:00:00:00:00:0b" as Mac;
const C = "02:00:00:00:00:0c" as Mac;
const D = "02:00:00:00:00:0d" as Mac;
const HOST = "02:00:00:00:01:01";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
/** What a loop of gigabits carries in a moment; whoever stops it stops it long before. */
const MANY = 20_000;

/** A hub behind two bridges: what the network sends one of them, the other one sends back. */
class Hub {
  readonly #net: GuardedSwitch;
  readonly #ends: readonly GuardedPort[];
  readonly #seen: number[];
  carried = 0;

  constructor(net: GuardedSwitch, ends: readonly GuardedPort[]) {
    this.#net = net;
    this.#ends = ends;
    this.#seen = ends.map(() => 0);
  }

  /** A host on the hub sends a frame: both bridges have it. */
  send(bytes: Buffer): void {
    for (const end of this.#ends) this.#net.forward(end, bytes);
    this.settle();
  }

  /** Carries frames until there are no more, or too many. */
  settle(): void {
    for (let before = -1; before !== this.carried && this.carried < MANY; ) {
      before = this.carried;
      for (const [i, end] of this.#ends.entries()) this.#carryFrom(i, end);
    }
  }

  #carryFrom(i: number, from: GuardedPort): void {
    const { frames } = from.egress;
    for (let at = this.#seen[i] as number; at < frames.length && this.carried < MANY; at++) {
      this.#seen[i] = at + 1;
      this.carried++;
      for (const end of this.#ends) if (end !== from) this.#net.forward(end, frames[at] as Buffer);
    }
  }
}

describe("a loop of two bridges", () => {
  let net: GuardedSwitch;
  let bystanders: readonly [GuardedPort, GuardedPort];

  function makeLoop(users: readonly [string, string]): { ends: readonly GuardedPort[]; hub: Hub } {
    const ends = [A, B].map((mac, i) => net.addPeer(`bridge ${i}`, users[i] as string, mac, { bridge: true }));
    bystanders = [net.addPeer("c", "carol", C), net.addPeer("d", "dave", D)];
    return { ends, hub: new Hub(net, ends) };
  }

  function assertBystandersTalk(): void {
    const [c, d] = bystanders;
    net.forward(c, ethernet(D, C));
    assert.deepEqual(d.egress.frames.at(-1), ethernet(D, C));
  }

  beforeEach(() => {
    net = new GuardedSwitch();
  });

  for (const users of [
    ["ann", "ann"],
    ["ann", "bob"],
  ] as const) {
    test(`of ${users.join(" and ")} carries a broadcast not for ever, and one of them is shut within seconds`, () => {
      const { ends, hub } = makeLoop(users);
      hub.send(ethernet(BROADCAST, HOST));
      net.forward(bystanders[0], ethernet(BROADCAST, C));
      hub.settle();
      assert.ok(hub.carried < MANY, "the storm ended");
      assertBystandersTalk();
      for (let second = 0; second < 3; second++) {
        net.pass(1_000);
        hub.settle();
      }
      assert.equal(ends.filter(({ port }) => port.ingressDrops.get(Drop.loopProbe) > 0).length > 0, true);
      assert.equal(net.told.filter((text) => / shut for /.test(text)).length, 1, net.told.join("\n"));
      const before = hub.carried;
      hub.send(ethernet(BROADCAST, HOST));
      assert.ok(hub.carried - before < 10, "what is left is no loop");
      assertBystandersTalk();
    });
  }

  test("storms if nothing watches: the test would notice", () => {
    const off = { macOwnership: false, stormControl: false, loopDetection: false };
    net = new GuardedSwitch(off);
    const { hub } = makeLoop(["ann", "ann"]);
    hub.send(ethernet(BROADCAST, HOST));
    assert.equal(hub.carried, MANY);
  });
});
