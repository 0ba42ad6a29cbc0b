import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KEEPALIVE_DEFAULTS, Keepalive } from "../../../src/transport/keepalive.ts";
import { HandClock } from "../../hand-clock.ts";

function start(deadAfterMs: number | undefined = 45_000): { clock: HandClock; keepalive: Keepalive; events: string[] } {
  const clock = new HandClock();
  const events: string[] = [];
  const at = (what: string): unknown => events.push(`${what} at ${clock.nowMs() / 1000}`);
  const keepalive = new Keepalive(
    clock,
    { ping: () => at("ping"), dead: (silentMs) => at(`dead after ${silentMs / 1000}`), tick: () => {} },
    { ...KEEPALIVE_DEFAULTS, deadAfterMs },
  );
  keepalive.start();
  return { clock, keepalive, events };
}

describe("keepalive", () => {
  test("silence is pinged after 15 s and again after 30, and ends the connection after 45", () => {
    const { clock, events } = start();
    clock.advance(14_999);
    assert.deepEqual(events, []);
    clock.advance(30_001);
    assert.deepEqual(events, ["ping at 15", "ping at 30", "dead after 45 at 45"]);
  });

  test("anything heard begins the count anew", () => {
    const { clock, keepalive, events } = start();
    clock.advance(32_000);
    keepalive.heard();
    clock.advance(18_000);
    assert.deepEqual(events, ["ping at 15", "ping at 30", "ping at 50"]);
  });

  test("a busy connection is never pinged", () => {
    const { clock, keepalive, events } = start();
    for (let i = 0; i < 100; i++) {
      keepalive.heard();
      clock.advance(4_000);
    }
    assert.deepEqual(events, []);
  });

  test("a peer that never answers pings is pinged for ever and never declared dead", () => {
    const { clock, events } = start(undefined);
    const keepalive = new Keepalive(
      clock,
      { ping: () => events.push("ping"), dead: () => events.push("dead"), tick: () => {} },
      { ...KEEPALIVE_DEFAULTS, deadAfterMs: undefined },
    );
    keepalive.start();
    events.length = 0;
    clock.advance(600_000);
    assert.equal(events.filter((event) => event === "ping").length, 40);
    assert.ok(!events.some((event) => event === "dead"));
  });

  test("once closed it leaves no timer", () => {
    const { clock, keepalive, events } = start();
    keepalive.close();
    keepalive.close();
    clock.advance(100_000);
    assert.deepEqual([events, clock.timers], [[], 0]);
  });

  test("the first ping comes before the 20 s after which some proxies cut an idle connection", () => {
    assert.ok(KEEPALIVE_DEFAULTS.pingAfterMs + KEEPALIVE_DEFAULTS.periodMs <= 20_000);
  });
});
