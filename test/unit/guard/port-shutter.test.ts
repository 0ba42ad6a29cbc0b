import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { GuardTime } from "../../../src/guard/guard-time.ts";
import { PortShutter } from "../../../src/guard/port-shutter.ts";
import { HandClock } from "../../hand-clock.ts";

function make() {
  const clock = new HandClock();
  const time = new GuardTime(clock);
  const wait = (ms: number): void => {
    clock.advance(ms);
    time.tick();
  };
  return { shutter: new PortShutter(time), wait };
}

describe("port shutter", () => {
  test("shuts for twice as long each time, up to the bound", () => {
    const { shutter, wait } = make();
    const times: number[] = [];
    for (let i = 0; i < 6; i++) {
      const forMs = shutter.shut(GUARD_DEFAULTS);
      times.push(forMs);
      wait(forMs - 1);
      assert.deepEqual([shutter.reopenIfDue(), shutter.isShut], [false, true]);
      wait(1);
      assert.deepEqual([shutter.reopenIfDue(), shutter.isShut, shutter.reopenIfDue()], [true, false, false]);
      wait(1_000);
    }
    assert.deepEqual(times, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  test("forgets the past of a port that was open for as long as the bound", () => {
    const { shutter, wait } = make();
    shutter.shut(GUARD_DEFAULTS);
    wait(30_000 + 299_999);
    shutter.reopenIfDue();
    assert.equal(shutter.shut(GUARD_DEFAULTS), 60_000);
    wait(60_000 + 300_000);
    shutter.reopenIfDue();
    assert.equal(shutter.shut(GUARD_DEFAULTS), 30_000);
  });

  test("a pardon opens at once and forgets", () => {
    const { shutter } = make();
    shutter.shut(GUARD_DEFAULTS);
    assert.deepEqual([shutter.pardon(), shutter.isShut, shutter.pardon()], [true, false, false]);
    assert.equal(shutter.shut(GUARD_DEFAULTS), 30_000);
  });
});
