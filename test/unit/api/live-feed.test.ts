import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { LiveFeed } from "../../../src/api/live-feed.ts";
import type { LiveStream } from "../../../src/api/live-stream.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { HandClock } from "../../hand-clock.ts";

const MAX_SUBSCRIBERS = 64;
const stay = (): boolean => true;

/** The names of messages that wait, with their ids. */
async function namesIn(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<readonly string[]> {
  const { value = new Uint8Array() } = await reader.read();
  const messages = Buffer.from(value)
    .toString()
    .split("\n\n")
    .filter((text) => text !== "");
  return messages.map((text) =>
    [/^event: (\w+)$/m.exec(text)?.[1], /^id: (\d+)$/m.exec(text)?.[1]].filter(Boolean).join(" "),
  );
}

describe("the live feed", () => {
  let clock: HandClock;
  let model: FakeControlModel;
  let live: LiveFeed;
  beforeEach(() => {
    clock = new HandClock();
    model = new FakeControlModel(3);
    live = new LiveFeed({ clock, model });
  });
  const subscribe = (after?: number, mayStay = stay): LiveStream => {
    const stream = live.subscribe({ after, mayStay });
    assert.ok(stream);
    return stream;
  };

  test("says hello, then what happens, each second a sample if there is a new one", async () => {
    const reader = subscribe().body.getReader();
    assert.deepEqual(await namesIn(reader), ["hello"]);
    clock.advance(1_000);
    model.join();
    assert.deepEqual(await namesIn(reader), ["sample", "event 4"]);
    clock.advance(1_000);
    model.advance(1_000);
    clock.advance(1_000);
    assert.deepEqual(await namesIn(reader), ["sample"]);
  });

  test("tells what was missed before what happens", async () => {
    const reader = subscribe(1).body.getReader();
    model.join();
    assert.deepEqual(await namesIn(reader), ["hello", "event 2", "event 3", "event 4"]);
  });

  test("tells the last of what was missed, however long strangers made it", async () => {
    const long = "\u{ffff}".repeat(1_000);
    for (let count = 0; count < 2_000; count++) model.events.publish("info", "a.b", long, { user: long });
    const reader = subscribe(0).body.getReader();
    const names = await namesIn(reader);
    assert.deepEqual([names[0], names.at(-1)], ["hello", `event ${model.events.lastId}`]);
    assert.equal(live.subscribers, 1);
    model.join();
    assert.deepEqual(await namesIn(reader), [`event ${model.events.lastId}`]);
  });

  test("looks at nothing while nobody listens", async () => {
    const reader = subscribe().body.getReader();
    const other = subscribe();
    assert.equal(clock.timers, 2);
    other.close();
    other.close();
    assert.equal(live.subscribers, 1);
    await reader.cancel();
    assert.equal(live.subscribers, 0);
    assert.equal(clock.timers, 0);
  });

  test("cuts who does not read, and nobody else", async () => {
    const reader = subscribe().body.getReader();
    subscribe();
    const fields = { text: "x".repeat(10_000) };
    for (let sent = 0; sent < 250; sent++) {
      model.events.publish("info", "a.b", "long", fields);
      await reader.read();
    }
    assert.equal(live.subscribers, 1);
  });

  test("ends for who may not look any more, within a second", async () => {
    let may = true;
    const reader = subscribe(undefined, () => may).body.getReader();
    await reader.read();
    may = false;
    clock.advance(1_000);
    assert.equal((await reader.read()).done, true);
    assert.equal(live.subscribers, 0);
  });

  test("has a bound", () => {
    for (let count = 0; count < MAX_SUBSCRIBERS; count++) subscribe();
    assert.equal(live.subscribe({ after: undefined, mayStay: stay }), undefined);
    live.close();
    assert.equal(live.subscribers, 0);
    subscribe();
  });
});
