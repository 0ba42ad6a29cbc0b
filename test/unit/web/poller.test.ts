import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Poller } from "../../../web/src/data/poller.ts";
import { HandClock } from "../../hand-clock.ts";

describe("a poller", () => {
  let clock: HandClock;
  /** Questions that wait for an answer. */
  let asked: { resolve(value: number): void; reject(error: Error): void }[];
  let poller: Poller<number>;

  const answer = async (value: number): Promise<void> => {
    asked.shift()?.resolve(value);
    await new Promise((resolve) => setImmediate(resolve));
  };

  beforeEach(() => {
    clock = new HandClock();
    asked = [];
    const load = () => new Promise<number>((resolve, reject) => asked.push({ resolve, reject }));
    poller = new Poller({ clock, load }, { periodMs: 1_000 });
  });

  test("asks at once, and again some time after each answer", async () => {
    poller.start();
    assert.equal(asked.length, 1);
    await answer(1);
    assert.deepEqual(poller.answer.value, { value: 1, atMs: 0, problem: undefined });
    clock.advance(999);
    assert.equal(asked.length, 0);
    clock.advance(1);
    assert.equal(asked.length, 1);
  });

  test("does not ask while it waits for an answer", async () => {
    poller.start();
    clock.advance(60_000);
    poller.askNow();
    assert.equal(asked.length, 1);
  });

  test("asks less often what takes long", async () => {
    poller.start();
    clock.advance(2_000);
    await answer(1);
    clock.advance(7_999);
    assert.equal(asked.length, 0);
    clock.advance(1);
    assert.equal(asked.length, 1);
  });

  test("keeps the last answer while there is a problem, and goes on", async () => {
    poller.start();
    await answer(5);
    clock.advance(1_000);
    asked.shift()?.reject(new Error("The server does not answer."));
    await answer(0);
    assert.deepEqual(poller.answer.value, { value: 5, atMs: 0, problem: "The server does not answer." });
    clock.advance(1_000);
    await answer(6);
    assert.deepEqual(poller.answer.value, { value: 6, atMs: 2_000, problem: undefined });
  });

  test("that is stopped shows nothing more, and nothing waits", async () => {
    poller.start();
    poller.stop();
    await answer(1);
    assert.equal(poller.answer.value.value, undefined);
    assert.equal(clock.timers, 0);
    poller.askNow();
    assert.equal(asked.length, 0);
    poller.start();
    assert.equal(asked.length, 1);
  });

  test("need not wait when something was changed", async () => {
    poller.start();
    await answer(1);
    poller.askNow();
    assert.equal(asked.length, 1);
    await answer(2);
    assert.equal(clock.timers, 1);
  });
});
