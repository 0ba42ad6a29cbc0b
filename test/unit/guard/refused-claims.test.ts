import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GuardTime } from "../../../src/guard/guard-time.ts";
import { RefusedClaims } from "../../../src/guard/refused-claims.ts";
import { HandClock } from "../../hand-clock.ts";
import { seededRandom } from "../../seeded-random.ts";

function make() {
  const clock = new HandClock();
  const time = new GuardTime(clock);
  const claims = new RefusedClaims(time, seededRandom());
  const wait = (ms: number): void => {
    clock.advance(ms);
    time.tick();
  };
  return { claims, wait };
}

describe("refused claims", () => {
  test("one is news once a minute, for each port and each MAC", () => {
    const { claims, wait } = make();
    assert.deepEqual([claims.isNews(0x0200, 1, 0), claims.isNews(0x0200, 1, 0)], [true, false]);
    assert.deepEqual([claims.isNews(0x0200, 1, 1), claims.isNews(0x0200, 2, 0)], [true, true]);
    wait(59_999);
    claims.sweep();
    assert.equal(claims.isNews(0x0200, 1, 0), false);
    wait(1);
    assert.deepEqual([claims.isNews(0x0200, 1, 0), claims.isNews(0x0200, 1, 0)], [true, false]);
  });

  test("more than 256 in a minute are not told, and again when there is room", () => {
    const { claims, wait } = make();
    let told = 0;
    for (let lo = 0; lo < 5_000; lo++) if (claims.isNews(0x0200, lo, lo % 100)) told++;
    assert.equal(told, 256);
    wait(60_000);
    claims.sweep();
    for (let lo = 0; lo < 5_000; lo++) if (claims.isNews(0x0200, lo, lo % 100)) told++;
    assert.equal(told, 512);
  });

  test("a port that claims everything hides no other, and is told of again a minute later", () => {
    const { claims, wait } = make();
    const toldOf = (port: number): number => {
      let told = 0;
      for (let lo = 0; lo < 1_000; lo++) if (claims.isNews(0x0200, lo, port)) told++;
      return told;
    };
    assert.deepEqual([toldOf(7), toldOf(7), claims.isNews(0x0200, 1, 8)], [32, 0, true]);
    wait(60_000);
    claims.sweep();
    assert.equal(toldOf(7), 32);
  });
});
