import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Child, run } from "../../../lab/child.ts";
import { waitFor } from "../../../lab/wait.ts";

test("output and status of a command are kept", async () => {
  assert.deepEqual(await run(["sh", "-c", "echo out; echo err >&2; exit 3"], { allowFailure: true }), {
    stdout: "out\n",
    stderr: "err\n",
    status: 3,
  });
});

test("a failing command is an error that shows the command and its output", async () => {
  await assert.rejects(run(["sh", "-c", "echo broken >&2; exit 1"]), /\$ sh -c .*status 1[\s\S]*broken/);
});

test("a program that does not exist is an error and not a hang", async () => {
  await assert.rejects(run(["/nonexistent/program"]), /ENOENT/);
});

test("stopping a child ends what it has started too, and may be repeated", async () => {
  const child = new Child(["sh", "-c", "sleep 600 & echo $!; wait"]);
  const grandchild = Number(await child.waitUntil("the grandchild's id", () => child.stdout.trim()));
  await child.stop();
  await child.stop();
  assert.equal(child.running, false);
  // A zombie that nobody has reaped yet has no program any more.
  await waitFor("the grandchild's end", () => !existsSync(`/proc/${grandchild}/exe`));
});

test("a child that ignores SIGTERM is ended by force", async () => {
  const child = new Child(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"]);
  await child.waitUntil("the trap", () => child.stdout.includes("ready"));
  assert.equal((await child.stop(50)).status, null);
});

test("waiting for something a child will never say ends when the child does, and shows what it said", async () => {
  const child = new Child(["sh", "-c", "echo no such device >&2; exit 1"]);
  await assert.rejects(
    child.waitUntil("readiness", () => child.stdout.includes("ready")),
    /while waiting for readiness[\s\S]*status 1[\s\S]*no such device/,
  );
});
