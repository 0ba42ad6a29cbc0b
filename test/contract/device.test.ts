import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { Lab, type Namespace } from "../../lab/namespace.ts";
import { whyNoLab } from "../../lab/programs.ts";
import { waitFor } from "../../lab/wait.ts";
import type { Device } from "../../src/device/device.ts";
import { Frame } from "../../src/wire/frame.ts";
import { Offload } from "../../src/wire/offload.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { type DevicePair, joinByBridge, joinInMemory, silentNamespace } from "./device-pair.ts";
import { Recorder, superFrame, testFrame, writeFrames } from "./test-frames.ts";

const PLAIN_HEADER = Buffer.alloc(VNET_HEADER_BYTES);

async function arrived(recorder: Recorder, frames: number): Promise<void> {
  await waitFor(`${frames} frames`, () => recorder.frames.length >= frames, { pollMs: 1, timeoutMs: 5_000 });
}

function assertFrames(recorder: Recorder, expected: readonly Buffer[]): void {
  assert.deepEqual(
    recorder.frames.map(({ bytes }) => bytes.toString("hex")),
    expected.map((bytes) => bytes.toString("hex")),
  );
}

/** Sends frames from `from` and waits until `to` has them: whatever was sent before could have arrived too. */
async function proveOtherDirectionFlows(from: Device, to: Recorder): Promise<void> {
  const before = to.frames.length;
  for (let i = 1; i <= 5; i++) {
    writeFrames(from, [testFrame(60, i)]);
    await arrived(to, before + i);
  }
}

function contract(join: () => DevicePair): void {
  let pair: DevicePair;

  /** Each test has its own pair, which goes with the test. */
  function check(name: string, body: (pair: DevicePair) => void | Promise<void>): void {
    test(name, async () => {
      pair = join();
      try {
        await body(pair);
      } finally {
        pair.close();
      }
    });
  }

  check(
    "a frame written on one side is read on the other, both ways, with a zeroed virtio-net header",
    async ({ left, right }) => {
      const [atLeft, atRight] = [new Recorder(left), new Recorder(right)];
      assert.equal(writeFrames(left, [testFrame(60, 1)]), 0);
      assert.equal(writeFrames(right, [testFrame(61, 2)]), 0);
      await Promise.all([arrived(atLeft, 1), arrived(atRight, 1)]);
      assert.deepEqual(atRight.frames, [{ vnetHeader: PLAIN_HEADER, bytes: testFrame(60, 1) }]);
      assert.deepEqual(atLeft.frames, [{ vnetHeader: PLAIN_HEADER, bytes: testFrame(61, 2) }]);
    },
  );

  check("the smallest and the largest frame of the MTU cross whole", async ({ left, right }) => {
    const recorder = new Recorder(right);
    const frames = [testFrame(14), testFrame(14 + right.mtu, 7)];
    assert.equal(writeFrames(left, frames), 0);
    await arrived(recorder, 2);
    assertFrames(recorder, frames);
  });

  check("frames that wait are read in order and in batches, not one by one", async ({ left, right }) => {
    const frames = Array.from({ length: 300 }, (_, i) => testFrame(1514, i & 0xff));
    assert.equal(writeFrames(left, frames), 0);
    const recorder = new Recorder(right);
    await arrived(recorder, 300);
    assertFrames(recorder, frames);
    assert.ok((recorder.batches[0] ?? 0) > 100, `batches of ${recorder.batches}`);
  });

  check("more frames than a write batch holds are flushed on the way", async ({ left, right }) => {
    const recorder = new Recorder(right);
    const frames = Array.from({ length: 700 }, (_, i) => testFrame(60, i & 0xff));
    assert.equal(writeFrames(left, frames), 0);
    await arrived(recorder, 700);
    assertFrames(recorder, frames);
  });

  check("frames from several buffers keep their order within one flush", async ({ left, right }) => {
    const recorder = new Recorder(right);
    const frames = Array.from({ length: 6 }, (_, i) => testFrame(60 + i, i));
    for (const bytes of frames) left.write(new Frame(bytes).set(bytes, 0, bytes.length, false));
    assert.equal(left.flush(), 0);
    await arrived(recorder, 6);
    assertFrames(recorder, frames);
  });

  check("any sequence of frames and flushes is read as it was written", async ({ left, right }) => {
    const recorder = new Recorder(right);
    const lengths = fc.array(fc.array(fc.integer({ min: 14, max: 1514 }), { maxLength: 20 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(lengths, async (flushes) => {
        recorder.frames.length = 0;
        const frames = flushes.map((flush) => flush.map((length) => testFrame(length, length & 0xff)));
        for (const flush of frames) assert.equal(writeFrames(left, flush), 0);
        await arrived(recorder, frames.flat().length);
        assertFrames(recorder, frames.flat());
      }),
      { numRuns: 30 },
    );
  });

  check("pause within a batch stops reading and keeps the batch's bytes until resume", async ({ left, right }) => {
    const [atLeft, atRight] = [new Recorder(left), new Recorder(right)];
    let held: Uint8Array = new Uint8Array(0);
    atRight.afterBatch = (batch) => {
      right.pause();
      held = batch.bytes.subarray(batch.spans[0], batch.spans[1]);
    };
    writeFrames(left, [testFrame(100, 1)]);
    await arrived(atRight, 1);
    writeFrames(left, [testFrame(100, 2)]);
    await proveOtherDirectionFlows(right, atLeft);
    assert.equal(atRight.frames.length, 1);
    assert.deepEqual(Buffer.from(held), testFrame(100, 1));
    right.resume();
    await arrived(atRight, 2);
    assertFrames(atRight, [testFrame(100, 1), testFrame(100, 2)]);
  });

  check("pause before the first frame, and twice, is undone by one resume", async ({ left, right }) => {
    const [atLeft, atRight] = [new Recorder(left), new Recorder(right)];
    right.pause();
    right.pause();
    writeFrames(left, [testFrame(60)]);
    await proveOtherDirectionFlows(right, atLeft);
    assert.equal(atRight.frames.length, 0);
    right.resume();
    right.resume();
    await arrived(atRight, 1);
  });

  check("pause and resume within one batch lose nothing", async ({ left, right }) => {
    const recorder = new Recorder(right);
    recorder.afterBatch = () => {
      right.pause();
      right.resume();
    };
    for (let i = 0; i < 20; i++) {
      writeFrames(left, [testFrame(60, i)]);
      await arrived(recorder, i + 1);
    }
  });

  check(
    "a super-frame crosses whole with its virtio-net header, where the devices take it",
    async ({ left, right }) => {
      if ((left.offloads & Offload.tso4) === 0) return;
      const recorder = new Recorder(right);
      const bytes = superFrame(60_000);
      left.write(new Frame(bytes).set(bytes, VNET_HEADER_BYTES, bytes.length, true));
      assert.equal(left.flush(), 0);
      await arrived(recorder, 1);
      assert.equal(recorder.frames[0]?.vnetHeader.subarray(0, 2).toString("hex"), "0101");
      assert.equal(recorder.frames[0]?.vnetHeader.subarray(4).toString("hex"), bytes.subarray(4, 10).toString("hex"));
      assertFrames(recorder, [bytes.subarray(VNET_HEADER_BYTES)]);
    },
  );

  check("a frame shorter than an Ethernet header, or outside of its buffer, is refused and counted", ({ left }) => {
    const bytes = testFrame(60);
    const frame = new Frame(bytes);
    left.write(frame.set(bytes, 0, 13, false));
    left.write(frame.set(bytes, 0, 61, false));
    left.write(frame.set(bytes, 40, 20, false));
    left.write(frame.set(bytes, 9, 60, true));
    left.write(frame.set(bytes, 0, 60, false));
    assert.equal(left.flush(), 4);
    assert.equal(left.flush(), 0);
    assert.equal(left.refused, 4);
  });

  check("close is idempotent, stops reading, and refuses what is written then", async ({ left, right }) => {
    const [atLeft, atRight] = [new Recorder(left), new Recorder(right)];
    writeFrames(left, [testFrame(60)]);
    right.close();
    right.close();
    right.pause();
    right.resume();
    assert.equal(writeFrames(right, [testFrame(60), testFrame(60)]), 2);
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([atLeft.frames.length, atRight.frames.length], [0, 0]);
    assert.deepEqual([atLeft.errors, atRight.errors], [[], []]);
  });

  check("close within a batch is the last of it", async ({ left, right }) => {
    const recorder = new Recorder(right);
    recorder.afterBatch = () => right.close();
    writeFrames(left, [testFrame(60)]);
    await arrived(recorder, 1);
    writeFrames(left, [testFrame(60)]);
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(recorder.frames.length, 1);
  });

  check("a device that goes away says so once, and is closed", async ({ left, breakLeft }) => {
    const recorder = new Recorder(left);
    breakLeft();
    await waitFor("the error", () => recorder.errors.length > 0, { pollMs: 1 });
    assert.equal(writeFrames(left, [testFrame(60)]), 1);
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(recorder.errors.length, 1);
  });
}

describe("the device contract, in memory", () => contract(joinInMemory));

describe("the device contract, with real TAPs", { skip: await whyNoLab() }, () => {
  let lab: Lab;
  let namespace: Namespace;
  before(async () => {
    lab = await Lab.open();
    namespace = await silentNamespace(lab);
  });
  after(() => lab.close());
  describe("with virtio-net headers", () => contract(() => joinByBridge(namespace)));
  describe("without virtio-net headers", () => contract(() => joinByBridge(namespace, { vnetHeader: false })));
});
