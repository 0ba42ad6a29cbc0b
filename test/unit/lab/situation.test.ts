import assert from "node:assert/strict";
import { test } from "node:test";
import { atLeast, atMost, mustBe, noted } from "../../../lab/situations/situation.ts";

test("a figure is held against its bound, and both are shown in its unit", () => {
  assert.deepEqual(atMost("ping", 42, 72.1, "ms"), {
    what: "ping",
    bound: "≤ 72.1 ms",
    got: "42.0 ms",
    verdict: "pass",
  });
  assert.equal(atMost("ping", 72.2, 72.1, "ms").verdict, "fail");
  assert.equal(atLeast("used", 90, 90, "%").verdict, "pass");
  assert.equal(atLeast("used", 89.9, 90, "%").verdict, "fail");
  assert.equal(mustBe("survives", false, "no").verdict, "fail");
});

test("what never happened, or could not be divided, is no pass", () => {
  assert.deepEqual([atMost("ping", Number.POSITIVE_INFINITY, 9, "s").got], ["∞ s"]);
  for (const value of [Number.POSITIVE_INFINITY, Number.NaN])
    assert.equal(atMost("ping", value, 9, "s").verdict, "fail");
  assert.equal(atLeast("share", Number.NaN, 1, "%").verdict, "fail");
});

test("a figure without a bound is noted", () => {
  assert.deepEqual(noted("idle", 1.234, "ms"), { what: "idle", bound: "", got: "1.23 ms", verdict: "noted" });
});
