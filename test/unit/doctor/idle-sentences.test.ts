import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judgeIdle } from "../../../src/doctor/idle-sentences.ts";
import type { IdleOutcome } from "../../../src/doctor/idle-watch.ts";

const cutAfter = (seconds: number): IdleOutcome => ({
  state: "cut",
  silentMs: seconds * 1_000,
  reason: "",
  spokeAfterMs: undefined,
});

describe("what silence does, in sentences", () => {
  test("nginx at a minute is named with its directive", () => {
    const { level, what, mend } = judgeIdle(cutAfter(60.1), "nginx/1.22.1");
    assert.deepEqual([level, what], ["warning", "nginx cuts idle connections at 60 s: proxy_read_timeout"]);
    assert.match(mend, /proxy_read_timeout 1d/);
  });

  test("limits that are well known are named by who has them", () => {
    const known: readonly [seconds: number, who: RegExp][] = [
      [50.3, /haproxy/],
      [60.2, /AWS load balancers/],
      [100.4, /Cloudflare/],
      [43, /It may be/],
    ];
    for (const [seconds, who] of known) assert.match(judgeIdle(cutAfter(seconds), "").mend, who);
  });

  test("what our pings come too late for is a fault", () => {
    assert.equal(judgeIdle(cutAfter(2), "").level, "fault");
    assert.equal(judgeIdle(cutAfter(10), "").level, "warning");
    assert.match(judgeIdle(cutAfter(10), "").details.join(), /the original's programs ping every 17 s and are cut/);
  });

  test("a server that speaks in between hides the limit", () => {
    const outcome: IdleOutcome = { state: "alive", silentMs: 15_000, reason: "", spokeAfterMs: 15_000 };
    const { level, what } = judgeIdle(outcome, "");
    assert.deepEqual([level, what], ["good", "it lives; the server pings after 15 s"]);
  });
});
