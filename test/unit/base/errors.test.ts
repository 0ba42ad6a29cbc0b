import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { waitFor } from "../../../lab/wait.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { ConfigError, DeviceError, describeError, PeerError, VpnError } from "../../../src/base/errors.ts";
import { makeFailure } from "../../../src/base/failure.ts";

describe("errors", () => {
  test("each kind has its reaction, and carries code, cause and name", () => {
    const cause = new Error("EPERM");
    for (const [Kind, reaction] of [
      [ConfigError, "exit"],
      [DeviceError, "stop"],
      [PeerError, "refuse"],
    ] as const) {
      const error = new Kind("SOME_CODE", "it failed.", { cause });
      assert.ok(error instanceof VpnError && error instanceof Error);
      assert.deepEqual(
        [error.reaction, error.code, error.message, error.name],
        [reaction, "SOME_CODE", "it failed.", Kind.name],
      );
      assert.equal(error.cause, cause);
    }
    assert.ok(!("cause" in new ConfigError("X", "x")), "no cause is not a cause of undefined");
  });

  test("are described in a sentence with its hint, whatever was thrown, and never with a stack", () => {
    assert.equal(describeError(new ConfigError("X", "it failed.", { hint: "Try again." })), "it failed.\n  Try again.");
    assert.equal(describeError(new ConfigError("X", "it failed.")), "it failed.");
    assert.equal(describeError(new TypeError("oops")), "oops");
    assert.equal(describeError("thrown text"), "thrown text");
    assert.equal(describeError(undefined), "undefined");
  });
});

describe("failure", () => {
  test("rejects with the error it was given, and an unobserved one does not end the process", async () => {
    const failure = makeFailure();
    failure.fail(new Error("first"));
    failure.fail(new Error("second"));
    await turn();
    await assert.rejects(failure.promise, /first/);
  });
});

describe("system clock", () => {
  test("never jumps back, calls once or again and again, and stops when it is told to", async () => {
    const start = systemClock.nowMs();
    let [once, ticks] = [0, 0];
    systemClock.after(1, () => once++);
    const never = systemClock.after(1, () => assert.fail("cancelled"));
    never();
    const stop = systemClock.every(1, () => ticks++);
    await waitFor("both timers", () => once === 1 && ticks >= 3, { pollMs: 1 });
    stop();
    const seen = ticks;
    let later = false;
    systemClock.after(5, () => {
      later = true;
    });
    await waitFor("a later timer", () => later, { pollMs: 1 });
    assert.deepEqual([once, ticks], [1, seen]);
    assert.ok(systemClock.nowMs() >= start);
  });
});
