import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { firstSuccess } from "../../../src/base/first-success.ts";
import { HandClock } from "../../hand-clock.ts";

const TIMES = { nextAfterMs: 250, againAfterMs: 500, mostRunning: 4, mostRounds: 6 };

/** An attempt that a test ends. */
interface Begun {
  readonly target: string;
  readonly signal: AbortSignal;
  succeed(result: string): void;
  fail(message: string): void;
}

describe("the first success of several attempts", () => {
  let clock: HandClock;
  let begun: Begun[];
  let discarded: string[];
  let abort: AbortController;

  beforeEach(() => {
    clock = new HandClock();
    begun = [];
    discarded = [];
    abort = new AbortController();
  });

  function run(...targets: string[]): Promise<string> {
    const begin = (target: string, signal: AbortSignal): Promise<string> =>
      new Promise((resolve, reject) => {
        begun.push({ target, signal, succeed: resolve, fail: (message) => reject(new Error(message)) });
      });
    const discard = (result: string): unknown => discarded.push(result);
    return firstSuccess(clock, { targets, begin, discard: (result) => void discard(result) }, TIMES, abort.signal);
  }

  const targets = (): string => begun.map(({ target }) => target).join("");

  test("begins the next after a while, or at once when one fails, and calls the others off", async () => {
    const outcome = run("a", "b", "c");
    assert.equal(targets(), "a");
    clock.advance(250);
    assert.equal(targets(), "ab");
    begun[1]?.fail("no");
    await turn();
    assert.equal(targets(), "abc");
    begun[0]?.succeed("first");
    assert.equal(await outcome, "first");
    assert.deepEqual(
      begun.map(({ signal }) => signal.aborted),
      [false, false, true],
    );
    assert.equal(clock.timers, 0);
  });

  test("attempts afresh what is silent, not what has failed, and gives the oldest up for it", async () => {
    const outcome = run("a", "b");
    clock.advance(250);
    begun[0]?.fail("no");
    await turn();
    for (let i = 0; i < 4; i++) clock.advance(500);
    assert.equal(targets(), "abbbbb");
    assert.deepEqual(
      begun.slice(1).map(({ signal }) => signal.aborted),
      [true, false, false, false, false],
    );
    assert.equal(clock.timers, 1, "there is a sixth round");
    clock.advance(500);
    assert.equal(clock.timers, 0, "and no seventh");
    begun.at(-1)?.succeed("last");
    assert.equal(await outcome, "last");
    assert.equal(clock.timers, 0);
  });

  test("discards what comes too late", async () => {
    const outcome = run("a", "b");
    clock.advance(250);
    begun[1]?.succeed("taken");
    assert.equal(await outcome, "taken");
    begun[0]?.succeed("late");
    await turn();
    assert.deepEqual(discarded, ["late"]);
  });

  test("fails when all have failed, with what went wrong", async () => {
    const one = run("a");
    begun[0]?.fail("no");
    await assert.rejects(one, { message: "no" });
    const two = run("b", "c");
    begun[1]?.fail("first");
    await turn();
    begun[2]?.fail("second");
    await assert.rejects(two, (error) => {
      assert.ok(error instanceof AggregateError);
      assert.deepEqual(
        error.errors.map(({ message }) => message),
        ["first", "second"],
      );
      return true;
    });
    await assert.rejects(run(), { message: "there is nothing to attempt" });
    assert.equal(clock.timers, 0);
  });

  test("can be called off: all attempts are, and it fails when they have", async () => {
    const outcome = run("a", "b");
    clock.advance(250);
    abort.abort(new Error("called off"));
    for (const { signal, fail } of begun) {
      assert.ok(signal.aborted);
      fail("aborted");
    }
    await assert.rejects(outcome, { message: "called off" });
    assert.equal(clock.timers, 0);
  });
});
