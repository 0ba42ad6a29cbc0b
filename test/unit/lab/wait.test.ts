import assert from "node:assert/strict";
import { test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";

test("the value that made the condition true is returned", async () => {
  let calls = 0;
  assert.equal(await waitFor("three calls", () => (++calls === 3 ? "done" : undefined), { pollMs: 1 }), "done");
});

test("a condition that never comes true is an error that says what was waited for and what was seen", async () => {
  const options = { timeoutMs: 5, pollMs: 1, evidence: () => "the log so far" };
  await assert.rejects(
    waitFor("the tunnel", () => false, options),
    /in vain for the tunnel\nthe log so far/,
  );
});

test("a condition that throws counts as not yet, and its last error is told", async () => {
  const refuse = (): never => {
    throw new Error("connection refused");
  };
  await assert.rejects(waitFor("a listener", refuse, { timeoutMs: 5, pollMs: 1 }), /last error: connection refused/);
});
