import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GuardTime } from "../../../src/guard/guard-time.ts";
import { MacFlaps } from "../../../src/guard/mac-flaps.ts";
import { HandClock } from "../../hand-clock.ts";
import { seededRandom } from "../../seeded-random.ts";

function make() {
  const clock = new HandClock();
  const time = new GuardTime(clock);
  const flaps = new MacFlaps(time, seededRandom());
  const wait = (ms: number): void => {
    clock.advance(ms);
    time.tick();
  };
  /** How many of `moves` moves between two ports are called flapping. */
  const flapping = (lo: number, moves: number): number => {
    let found = 0;
    for (let i = 0; i < moves; i++) if (flaps.moved(0x0200, lo, i & 1)) found++;
    return found;
  };
  return { flaps, wait, flapping };
}

describe("flapping MAC addresses", () => {
  test("eight moves in ten seconds are a wanderer, nine a loop", () => {
    const { flapping, wait } = make();
    assert.equal(flapping(1, 8), 0);
    assert.equal(flapping(2, 9), 1);
    wait(10_001);
    assert.equal(flapping(1, 8), 0, "the window is over");
  });

  test("who was found flapping starts anew", () => {
    const { flapping } = make();
    assert.equal(flapping(1, 27), 3);
  });

  test("frames from where it went last are no moves", () => {
    const { flaps } = make();
    for (let i = 0; i < 100; i++) assert.equal(flaps.moved(0x0200, 1, 4), false);
  });

  test("a thousand addresses are watched at once, and others once those have been quiet", () => {
    const { flapping, flaps, wait } = make();
    for (let lo = 0; lo < 1_024; lo++) flapping(lo, 2);
    assert.equal(flapping(5_000, 9), 0);
    assert.equal(flapping(7, 9), 1);
    wait(10_001);
    flaps.sweep();
    assert.equal(flapping(5_000, 9), 1);
  });
});
