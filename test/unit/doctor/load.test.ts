import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { EchoChannel } from "../../../src/doctor/echo-channel.ts";
import { Load, type LoadOptions, MAX_BYTES_PER_SECOND } from "../../../src/doctor/load.ts";
import { echoReplyBytes, writeEchoReply } from "../../../src/wire/echo-frame.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { HandClock } from "../../hand-clock.ts";

const MAC = "02:00:00:00:00:0d" as Mac;
const OPTIONS: LoadOptions = { direction: "down", durationMs: 2_000, maxBytes: 1e9, maxFrameBytes: 65_536 };

/** A line that answers in order at a rate, behind a queue of a size. */
class Line {
  readonly clock = new HandClock();
  readonly channel: EchoChannel;
  readonly #bytesPerMs: number;
  readonly #queueMs: number;
  #freeMs = 0;

  constructor(mbit: number, queueMs: number) {
    this.#bytesPerMs = (mbit * 1e6) / 8 / 1000;
    this.#queueMs = queueMs;
    const connection = { send: (frame: Frame) => this.#take(frame), flush: () => {} };
    this.channel = new EchoChannel({ clock: this.clock, connection }, MAC);
  }

  #take({ bytes, start, end }: Frame) {
    const nowMs = this.clock.nowMs();
    const reply = Buffer.alloc(Math.max(60, echoReplyBytes(bytes, start)));
    writeEchoReply(bytes, start, end, reply);
    const busyMs = Math.max(0, this.#freeMs - nowMs);
    if (busyMs > this.#queueMs) return Drop.none;
    this.#freeMs = nowMs + busyMs + Math.max(reply.length, end - start) / this.#bytesPerMs;
    const frame = new Frame(reply).set(reply, 0, reply.length, false);
    this.clock.after(this.#freeMs - nowMs + 10, () => this.channel.onFrame(frame));
    return Drop.none;
  }

  /** Runs a load to its end. */
  async fill(options: Partial<LoadOptions> = {}) {
    let isOver = false;
    const running = new Load(this, { ...OPTIONS, ...options }).run().finally(() => {
      isOver = true;
    });
    while (!isOver) {
      this.clock.advance(1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return running;
  }
}

describe("load", () => {
  let line: Line;
  beforeEach(() => {
    line = new Line(20, 200);
  });

  const isNear = (value: number, wanted: number): boolean => Math.abs(value - wanted) < wanted * 0.1;

  test("finds what a line carries, each way", async () => {
    for (const direction of ["down", "up"] as const) {
      const { bytesPerSecond } = await new Line(20, 200).fill({ direction });
      assert.ok(isNear(bytesPerSecond, 2_500_000), `${direction} ${bytesPerSecond}`);
    }
  });

  test("goes on after losses, and counts them", async () => {
    const { bytesPerSecond, lost } = await new Line(20, 30).fill();
    assert.ok(lost > 0);
    assert.ok(bytesPerSecond > 1_500_000, String(bytesPerSecond));
  });

  test("asks for no more bytes than it may", async () => {
    const { bytes } = await line.fill({ maxBytes: 500_000 });
    assert.ok(bytes <= 500_000 + OPTIONS.maxFrameBytes && bytes > 400_000, String(bytes));
  });

  test("asks a fast line for no more than a server answers", async () => {
    const { bytesPerSecond } = await new Line(10_000, 200).fill();
    assert.ok(isNear(bytesPerSecond, MAX_BYTES_PER_SECOND), String(bytesPerSecond));
  });

  test("ends when the connection does", async () => {
    const running = line.fill({ durationMs: 60_000 });
    line.channel.close();
    assert.equal((await running).bytes, 0);
  });
});
