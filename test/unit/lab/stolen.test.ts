import assert from "node:assert/strict";
import { test } from "node:test";
import { untilLeftAlone, whenLeastStolen, withStolenShare } from "../../../lab/stolen.ts";

test("what was stolen meanwhile is a share of what was wanted, also where nothing was", async () => {
  const [result, share] = await withStolenShare(async () => "done");
  assert.equal(result, "done");
  assert.ok(share >= 0 && share <= 1, String(share));
});

test("work is done once, or up to three times, and its result is one of those", async () => {
  let times = 0;
  const result = await whenLeastStolen(async () => ++times);
  assert.ok(times >= 1 && times <= 3, String(times));
  assert.ok(result >= 1 && result <= times, `${result} of ${times}`);
});

test("what fails, fails", async () => {
  await assert.rejects(
    whenLeastStolen(() => Promise.reject(new Error("no iperf3"))),
    /no iperf3/,
  );
});

test("waits until nothing is taken, within its budget", async () => {
  const shares = [0.5, 0.2, 0.05, 0.9];
  const left = await untilLeftAlone(60, async () => shares.shift() ?? 0, 1);
  assert.deepEqual(shares, [0.9]);
  assert.ok(left > 50 && left < 60, String(left));
});

test("waits no longer than its budget, and not at all without one", async () => {
  let looks = 0;
  const look = async (): Promise<number> => {
    looks++;
    return 1;
  };
  assert.equal(await untilLeftAlone(0.02, look, 1), 0);
  assert.ok(looks > 1, String(looks));
  looks = 0;
  assert.equal(await untilLeftAlone(0, look, 1), 0);
  assert.equal(looks, 1);
});

test("looks at this machine's processors", async () => {
  assert.ok((await untilLeftAlone(0)) === 0);
});
