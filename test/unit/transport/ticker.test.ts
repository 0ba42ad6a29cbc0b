import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ticker } from "../../../src/transport/ticker.ts";
import { HandClock } from "../../hand-clock.ts";

describe("ticker", () => {
  test("is one timer for all, and none when nobody is left", () => {
    const clock = new HandClock();
    const ticker = new Ticker(clock);
    const ticked = Array.from({ length: 100 }, () => ({ ticks: 0, tick: () => {} }));
    for (const one of ticked) {
      one.tick = () => void one.ticks++;
      ticker.add(one);
    }
    assert.equal(clock.timers, 1);
    clock.advance(1_000);
    assert.ok(ticked.every(({ ticks }) => ticks === 4));
    for (const one of ticked) ticker.remove(one);
    assert.equal(clock.timers, 0);
    ticker.add({ tick: () => {} });
    assert.equal(clock.timers, 1);
  });

  test("who leaves within a tick is not called any more, in this one neither", () => {
    const clock = new HandClock();
    const ticker = new Ticker(clock);
    const calls: string[] = [];
    const second = { tick: () => calls.push("second") };
    ticker.add({
      tick: () => {
        calls.push("first");
        ticker.remove(second);
      },
    });
    ticker.add(second);
    clock.advance(500);
    assert.deepEqual(calls, ["first", "first"]);
  });

  test("time in which the process stood still counts as two ticks", () => {
    const late = { nowMs: 0 };
    let tick = (): void => {};
    const ticker = new Ticker({
      nowMs: () => late.nowMs,
      after: () => () => {},
      every: (_periodMs, call) => {
        tick = call;
        return () => {};
      },
    });
    const elapsed: number[] = [];
    ticker.add({ tick: (elapsedMs) => elapsed.push(elapsedMs) });
    for (const atMs of [250, 510, 30_000, 30_100]) {
      late.nowMs = atMs;
      tick();
    }
    assert.deepEqual(elapsed, [250, 260, 500, 100]);
  });
});
