import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { ControlEvent, HistorySample } from "../../../src/control/model.ts";
import { dropLines, sumDrops } from "../../../web/src/data/drop-lines.ts";
import { JsonRequests } from "../../../web/src/data/json-requests.ts";
import { LiveData } from "../../../web/src/data/live-data.ts";
import { ServerApi } from "../../../web/src/data/server-api.ts";
import { HandClock } from "../../hand-clock.ts";

const NOTHING = { receivedFrames: 0, receivedBytes: 0, sentFrames: 0, sentBytes: 0, drops: 0 };

const sampleAt = (second: number, dropsByReason: Record<string, number> = {}): HistorySample => {
  return { atMs: second * 1_000, peers: 0, traffic: NOTHING, dropsByReason };
};

const eventOf = (id: number): ControlEvent => {
  return { id, atMs: 0, level: "info", event: "peer.joined", message: "", fields: {} };
};

describe("what the live feed told", () => {
  let clock: HandClock;
  let past: readonly HistorySample[];
  let live: LiveData;

  const seconds = () => live.history.value.map(({ atMs }) => atMs / 1_000);
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    clock = new HandClock();
    past = [];
    const fetch = async () => Response.json({ samples: past });
    const requests = new JsonRequests({ fetch, onUnauthorized: () => {} }, { base: "" });
    live = new LiveData(new ServerApi(requests), clock);
    live.onOther({ instance: "one", lastId: 0 });
  });

  test("begins with what the server remembers, also when it was away", async () => {
    past = [sampleAt(1), sampleAt(2)];
    live.onLive();
    live.onSample(sampleAt(3));
    await settle();
    assert.deepEqual(seconds(), [1, 2, 3]);
    past = [2, 3, 4, 5, 6].map((second) => sampleAt(second));
    live.onLive();
    live.onSample(sampleAt(7));
    await settle();
    assert.deepEqual(seconds(), [2, 3, 4, 5, 6, 7]);
    assert.equal(live.nowMs, 7_000);
  });

  test("is ten minutes and no more", () => {
    for (let second = 0; second < 700; second++) live.onSample(sampleAt(second));
    assert.equal(live.history.value.length, 600);
    assert.equal(seconds()[0], 100);
  });

  test("is nothing of the server before; a late answer of that one is not taken", async () => {
    past = [sampleAt(1)];
    live.onSample(sampleAt(1));
    live.onLive();
    live.onOther({ instance: "two", lastId: 0 });
    await settle();
    assert.deepEqual(seconds(), []);
    assert.equal(live.instance.value, "two");
  });

  test("shows events together, and the last of them only", () => {
    let shown = 0;
    live.events.watch(() => shown++);
    for (let id = 1; id <= 3_000; id++) live.onEvent(eventOf(id));
    assert.equal(shown, 0);
    clock.advance(100);
    assert.equal(shown, 1);
    assert.deepEqual([live.events.value.length, live.events.value[0]?.id], [2_000, 1_001]);
    live.onEvent(eventOf(3_001));
    clock.advance(100);
    assert.equal(live.events.value.at(-1)?.id, 3_001);
  });
});

describe("drops over time", () => {
  const samples = [
    sampleAt(0, { loop: 100, runt: 0 }),
    sampleAt(1, { loop: 100, runt: 3, isolated: 1 }),
    sampleAt(3, { loop: 100, runt: 5, isolated: 9 }),
  ];

  test("are those that took most in this time, per second and by name", () => {
    assert.deepEqual(dropLines(samples, 6), [
      { label: "isolated", values: [null, 1, 4] },
      { label: "runt", values: [null, 3, 1] },
    ]);
    assert.deepEqual(
      dropLines(samples, 1).map(({ label }) => label),
      ["isolated"],
    );
    assert.deepEqual(dropLines([], 6), []);
  });

  test("of several networks are added by reason and direction, the most first", () => {
    const row = { reason: "runt", direction: "ingress", explanation: "Too short." } as const;
    const rows = sumDrops([
      { ...row, network: "a", frames: 2 },
      { ...row, network: "a", frames: 9, direction: "egress" },
      { ...row, network: "b", frames: 3 },
    ]);
    assert.deepEqual(
      rows.map(({ direction, frames }) => [direction, frames]),
      [
        ["egress", 9],
        ["ingress", 5],
      ],
    );
  });
});
