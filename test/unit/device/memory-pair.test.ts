import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryPair } from "../../../src/device/memory-pair.ts";
import { Recorder, testFrame, writeFrames } from "../../contract/test-frames.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a full queue refuses by number of frames, and takes again once they were read", async () => {
  const [left, right] = memoryPair({ queueFrames: 3 });
  assert.equal(writeFrames(left, Array(5).fill(testFrame(60))), 2);
  assert.equal(left.refused, 2);
  const recorder = new Recorder(right);
  await turn();
  assert.equal(recorder.frames.length, 3);
  assert.equal(writeFrames(left, Array(3).fill(testFrame(60))), 0);
});

test("a full queue refuses by bytes, headers and headroom counted", () => {
  const [left] = memoryPair({ queueBytes: 2 * (16 + 10 + 60) });
  assert.equal(writeFrames(left, Array(3).fill(testFrame(60))), 1);
});

test("nothing is read before start, nor within the writer's call", async () => {
  const [left, right] = memoryPair();
  writeFrames(left, [testFrame(60)]);
  const recorder = new Recorder(right);
  assert.equal(recorder.frames.length, 0);
  await turn();
  assert.equal(recorder.frames.length, 1);
});

test("a paused reader holds its batch while as many frames again wait", async () => {
  const [left, right] = memoryPair({ queueFrames: 2 });
  const recorder = new Recorder(right);
  recorder.afterBatch = () => right.pause();
  writeFrames(left, [testFrame(60, 1), testFrame(60, 2)]);
  await turn();
  assert.equal(writeFrames(left, [testFrame(60, 3), testFrame(60, 4), testFrame(60, 5)]), 1);
  right.resume();
  await turn();
  assert.deepEqual(recorder.batches, [2, 2]);
});

test("both ends have the names, addresses and limits that were asked for", () => {
  const [left, right] = memoryPair({ names: ["a", "b"], mtu: 1486, offloads: 0 });
  assert.deepEqual([left.name, left.mtu, left.offloads], ["a", 1486, 0]);
  assert.deepEqual([right.name, right.mac === left.mac], ["b", false]);
});
