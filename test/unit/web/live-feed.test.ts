import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { ControlEvent, HistorySample } from "../../../src/control/model.ts";
import { LiveFeed, type LiveHandlers } from "../../../web/src/data/live-feed.ts";
import { HandClock } from "../../hand-clock.ts";

const SAMPLE: HistorySample = {
  atMs: 0,
  peers: 0,
  traffic: { receivedFrames: 0, receivedBytes: 0, sentFrames: 0, sentBytes: 0, drops: 0 },
  dropsByReason: {},
};

const eventOf = (id: number): ControlEvent => {
  return { id, atMs: 0, level: "info", event: "peer.joined", message: "", fields: {} };
};

describe("the live feed", () => {
  let clock: HandClock;
  let mayRetry: boolean;
  let heard: string[];
  /** Connections in the order they were opened. */
  let opened: { after: number; handlers: LiveHandlers; isClosed: boolean }[];
  let feed: LiveFeed;

  const last = () => opened.at(-1) as (typeof opened)[number];
  /** Lets the question whether to go on be answered. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const waitForRetry = async (): Promise<void> => {
    clock.advance(10_000);
    await settle();
  };

  beforeEach(() => {
    clock = new HandClock();
    mayRetry = true;
    heard = [];
    opened = [];
    feed = new LiveFeed({
      clock,
      random: () => 0.5,
      mayRetry: async () => mayRetry,
      open: (after, handlers) => {
        const one = { after, handlers, isClosed: false };
        opened.push(one);
        return () => {
          one.isClosed = true;
        };
      },
      listener: {
        onOther: ({ instance }) => heard.push(`other ${instance}`),
        onLive: () => heard.push("live"),
        onSample: () => heard.push("sample"),
        onEvent: ({ id }) => heard.push(`event ${id}`),
      },
    });
  });

  test("is live when the server has said hello, and passes on what it says", () => {
    feed.start();
    feed.start();
    assert.equal(opened.length, 1);
    assert.equal(last().after, 0);
    assert.equal(feed.state.value, "opening");
    last().handlers.hello({ instance: "one", lastId: 1 });
    assert.equal(feed.state.value, "live");
    last().handlers.event(eventOf(1));
    last().handlers.sample(SAMPLE);
    assert.deepEqual(heard, ["other one", "live", "event 1", "sample"]);
  });

  test("that was lost goes on behind the last event", async () => {
    feed.start();
    last().handlers.hello({ instance: "one", lastId: 7 });
    last().handlers.event(eventOf(7));
    last().handlers.failed();
    assert.equal(feed.state.value, "waiting");
    assert.ok(last().isClosed);
    await waitForRetry();
    assert.equal(last().after, 7);
    last().handlers.hello({ instance: "one", lastId: 9 });
    assert.equal(feed.state.value, "live");
    assert.deepEqual(heard, ["other one", "live", "event 7", "live"]);
  });

  test("of another instance begins from its first event", async () => {
    feed.start();
    last().handlers.hello({ instance: "one", lastId: 7 });
    last().handlers.event(eventOf(7));
    last().handlers.failed();
    await waitForRetry();
    last().handlers.hello({ instance: "two", lastId: 2 });
    assert.equal(opened.length, 3);
    assert.equal(last().after, 0);
    last().handlers.hello({ instance: "two", lastId: 2 });
    assert.equal(feed.state.value, "live");
    assert.deepEqual(heard, ["other one", "live", "event 7", "other two", "live"]);
    assert.deepEqual(
      opened.map(({ isClosed }) => isClosed),
      [true, true, false],
    );
  });

  test("that fell silent is opened again; samples keep it", () => {
    feed.start();
    last().handlers.hello({ instance: "one", lastId: 0 });
    for (let second = 0; second < 30; second++) {
      clock.advance(1_000);
      last().handlers.sample(SAMPLE);
    }
    assert.equal(feed.state.value, "live");
    clock.advance(10_000);
    assert.equal(feed.state.value, "waiting");
  });

  test("tries soon at first, then less often", async () => {
    feed.start();
    const attempts: number[] = [];
    for (let second = 0; second < 300; second++) {
      if (feed.state.value === "opening") {
        attempts.push(second);
        last().handlers.failed();
      }
      clock.advance(1_000);
      await settle();
    }
    assert.ok(attempts.filter((second) => second < 15).length >= 10, String(attempts));
    assert.ok(attempts.filter((second) => second >= 240).length <= 10, String(attempts));
  });

  test("stops when the session has ended, and nothing waits then", async () => {
    feed.start();
    mayRetry = false;
    last().handlers.failed();
    await waitForRetry();
    assert.equal(feed.state.value, "off");
    assert.equal(opened.length, 1);
    assert.equal(clock.timers, 0);
  });

  test("that was stopped while it asked stays stopped", async () => {
    feed.start();
    last().handlers.failed();
    clock.advance(10_000);
    feed.stop();
    feed.stop();
    await settle();
    assert.equal(opened.length, 1);
    assert.equal(clock.timers, 0);
    feed.start();
    assert.equal(opened.length, 2);
  });
});
