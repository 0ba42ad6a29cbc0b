import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerApi } from "../../../web/src/data/server-api.ts";
import { DrawingSource } from "../../../web/src/drawing/drawing-source.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { HandClock } from "../../hand-clock.ts";

describe("what a drawing asks the server", () => {
  const model = new FakeControlModel(30);
  const clock = new HandClock();
  let looksBehind = 0;
  const api = {
    peers: async () => ({ total: 32, peers: [...model.peers()] }),
    networks: async () => model.networks(),
    pairs: async () => model.pairs(),
    fdb: async () => {
      looksBehind++;
      return { total: 0, entries: [...model.fdb()] };
    },
  };
  const source = new DrawingSource(api as unknown as ServerApi, clock);

  async function lookAfter(ms: number): ReturnType<DrawingSource["look"]> {
    clock.advance(ms);
    model.advance(ms);
    return source.look();
  }

  test("knows who talks to whom from the second look on", async () => {
    assert.equal((await lookAfter(0)).talks.length, 0);
    const { scene, talks } = await lookAfter(2_000);
    assert.ok(talks.length > 0);
    for (const { from, to } of talks) assert.ok(scene.rows.has(from) && scene.rows.has(to));
  });

  test("knows that more pairs talk than the server counts", async () => {
    assert.equal((await lookAfter(2_000)).uncountedFrames, 0);
    model.uncountedFrames = 7;
    assert.equal((await lookAfter(2_000)).uncountedFrames, 7);
  });

  test("asks for the forwarding table less often", async () => {
    const before = looksBehind;
    for (let looks = 0; looks < 10; looks++) await lookAfter(2_000);
    assert.equal(looksBehind - before, 2);
  });
});
