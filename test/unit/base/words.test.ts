import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatMs, formatRate, formatSeconds, joinWords, plural } from "../../../src/base/words.ts";

test("figures have as many digits as mean something", () => {
  assert.deepEqual([0.123, 4.25, 18.4, 1_340].map(formatMs), ["0.12 ms", "4.3 ms", "18 ms", "1.3 s"]);
  assert.deepEqual([0, 1_500, 9_960, 70_400].map(formatSeconds), ["0 s", "1.5 s", "10 s", "70 s"]);
  assert.deepEqual([50_000, 2_300_000, 1e9 / 8].map(formatRate), ["400 kbit/s", "18.4 Mbit/s", "1.0 Gbit/s"]);
  assert.deepEqual([1_514, 65_536].map(formatBytes), ["1514 bytes", "64 KiB"]);
});

test("lists and numbers of things read as they are said", () => {
  assert.deepEqual([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(joinWords), ["", "a", "a and b", "a, b and c"]);
  assert.deepEqual(
    [plural(0, "peer"), plural(1, "peer"), plural(2, "match", "matches")],
    ["0 peers", "1 peer", "2 matches"],
  );
});
