import assert from "node:assert/strict";
import { test } from "node:test";
import { describeLine } from "../../../web/src/text/describe-line.ts";
import {
  formatBits,
  formatBytes,
  formatCount,
  formatMoment,
  formatMs,
  formatPerSecond,
  formatSpan,
} from "../../../web/src/text/format.ts";
import { nameOf } from "../../../web/src/text/names.ts";
import { sparklinePoints } from "../../../web/src/text/sparkline-points.ts";

test("rates and sizes have three digits and the unit that fits", () => {
  assert.deepEqual([0, 950, 999.4, 999.6, 1_250, 18_440_000, 2.1e9].map(formatBits), [
    "0 bit/s",
    "950 bit/s",
    "999 bit/s",
    "1 kbit/s",
    "1.25 kbit/s",
    "18.4 Mbit/s",
    "2.1 Gbit/s",
  ]);
  assert.deepEqual([512, 99_960, 1e18].map(formatBytes), ["512 B", "100 kB", "1000 PB"]);
});

test("counts are exact up to a million", () => {
  assert.deepEqual([0, 12_345, 1_234_567].map(formatCount), ["0", "12,345", "1.23 M"]);
  assert.deepEqual([0, 0.34, 9.96, 1_200].map(formatPerSecond), ["0", "0.3", "10", "1,200"]);
});

test("times are told in the units that matter", () => {
  assert.deepEqual([0, 0.42, 1.34, 18.4, 1_250].map(formatMs), ["0 ms", "0.42 ms", "1.3 ms", "18 ms", "1.25 s"]);
  const minute = 60_000;
  assert.deepEqual([-5, 8_000, 4 * minute, 250_000, 200 * minute, 100 * 60 * minute].map(formatSpan), [
    "0 s",
    "8 s",
    "4 min",
    "4 min 10 s",
    "3 h 20 min",
    "4 d 4 h",
  ]);
  assert.match(formatMoment(1_764_000_000_000), /^2025-11-2\d \d\d:\d\d:\d\d$/);
});

test("who has no name is called by what is known", () => {
  const peer = { kind: "peer", id: "7", user: "ada", network: "office", mac: "02:00:00:00:00:01" } as const;
  assert.equal(nameOf(peer), "ada");
  assert.equal(nameOf({ ...peer, user: "" }), "anonymous 02:00:00:00:00:01");
  assert.equal(nameOf({ ...peer, user: "", mac: null }), "anonymous 7");
  assert.equal(nameOf({ ...peer, kind: "uplink" }), "uplink of office");
});

test("a chart's line has words for who does not see it", () => {
  const line = { label: "sent", values: [null, 3, 9, 4, null] };
  assert.equal(describeLine(line, String), "sent: now 4, highest 9.");
  assert.equal(describeLine({ ...line, values: [null] }, String), "sent: nothing known yet.");
});

test("a sparkline ends at the right, and its highest value is at the top", () => {
  assert.equal(sparklinePoints([0, 10, 5], 29, 12), "27.0,11.0 28.0,1.0 29.0,6.0");
  assert.equal(sparklinePoints([], 29, 12), "");
  assert.equal(sparklinePoints([0], 29, 12), "29.0,11.0");
});
