import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type HookJob, HookQueue } from "../../../src/cli/hook-queue.ts";
import { HandClock } from "../../hand-clock.ts";

/** Longer than a place rests. */
const REST_MS = 1_000;

describe("the queue of hooks", () => {
  let clock: HandClock;
  let queue: HookQueue;
  let running: Map<string, (reason?: string) => void>;
  let failures: string[];
  let begun: string[];
  beforeEach(() => {
    clock = new HandClock();
    queue = new HookQueue(clock);
    running = new Map();
    failures = [];
    begun = [];
  });

  /** A job that ends when the test says so, or when it is given up. */
  function add(name: string, key = name): void {
    const run: HookJob["run"] = (signal) => {
      begun.push(name);
      return new Promise((resolve) => {
        const end = (reason?: string): void => {
          running.delete(name);
          resolve(reason);
        };
        running.set(name, end);
        signal.addEventListener("abort", () => end("aborted"));
      });
    };
    queue.add({ key, run, onFailed: (reason) => failures.push(`${name}: ${reason}`) });
  }

  async function end(name: string, reason?: string): Promise<void> {
    running.get(name)?.(reason);
    await setImmediate();
  }

  test("runs four at a time, the others in order", async () => {
    for (let job = 1; job <= 6; job++) add(`job ${job}`);
    assert.equal(begun.length, 4);
    await end("job 2");
    clock.advance(REST_MS);
    assert.deepEqual(begun.slice(4), ["job 5"]);
    assert.deepEqual(failures, []);
  });

  test("a place rests after a job, so that many short ones do not keep the server busy", async () => {
    for (let job = 1; job <= 5; job++) add(`job ${job}`);
    await end("job 1");
    assert.equal(begun.length, 4);
    clock.advance(REST_MS);
    assert.equal(begun.length, 5);
  });

  test("jobs of one key run one after the other, and hold up nobody else", async () => {
    add("join", "peer 1");
    add("leave", "peer 1");
    add("other", "peer 2");
    assert.deepEqual(begun, ["join", "other"]);
    await end("join");
    clock.advance(REST_MS);
    assert.deepEqual(begun, ["join", "other", "leave"]);
  });

  test("tells why a job failed", async () => {
    add("job");
    await end("job", "exit code 3");
    assert.deepEqual(failures, ["job: exit code 3"]);
  });

  test("ends what takes too long", async () => {
    add("job");
    clock.advance(9_999);
    assert.equal(running.size, 1);
    clock.advance(1);
    await setImmediate();
    assert.equal(running.size, 0);
    assert.deepEqual(failures, ["job: it took too long and was ended"]);
  });

  test("takes no more than it can keep", () => {
    for (let job = 0; job < 300; job++) add(`job ${job}`);
    assert.equal(failures.length, 300 - 256 - 4);
    assert.equal(failures[0], "job 260: 256 others wait already");
  });

  test("closing waits for what is left, and begins it without a rest", async () => {
    for (let job = 1; job <= 5; job++) add(`job ${job}`);
    const closed = queue.close();
    for (let job = 1; job <= 5; job++) await end(`job ${job}`);
    await closed;
    assert.equal(begun.length, 5);
    assert.deepEqual(failures, []);
  });

  test("closing ends what takes too long, and forgets what waits", async () => {
    for (let job = 1; job <= 6; job++) add(`job ${job}`);
    const closed = queue.close();
    clock.advance(2_000);
    await closed;
    assert.equal(begun.length, 4);
    assert.equal(running.size, 0);
  });

  test("closing without a job is done at once", async () => {
    await queue.close();
    add("late");
    assert.deepEqual(failures, []);
  });
});
