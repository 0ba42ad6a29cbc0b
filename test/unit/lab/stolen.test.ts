import assert from "node:assert/strict";
import { test } from "node:test";
import { whenLeastStolen, withStolenShare } from "../../../lab/stolen.ts";

test("what was stolen meanwhile is a share of what was wanted, also where nothing was", async () => {
  const [result, share] = await withStolenShare(async () => "done");
  assert.equal(result, "done");
  assert.ok(share >= 0 && share <= 1, String(share));
});

test("work is done once or twice, and its result is one of those", async () => {
  let times = 0;
  const result = await whenLeastStolen(async () => ++times);
  assert.ok(times === 1 || times === 2, String(times));
  assert.ok(result >= 1 && result <= times, `${result} of ${times}`);
});

test("what fails, fails", async () => {
  await assert.rejects(
    whenLeastStolen(() => Promise.reject(new Error("no iperf3"))),
    /no iperf3/,
  );
});
