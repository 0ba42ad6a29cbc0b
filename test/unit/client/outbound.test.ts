import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, DropCounters, type DropReason } from "../../../src/base/drop-reason.ts";
import { Outbound, type OutboundConnection } from "../../../src/client/outbound.ts";
import type { FrameBatch } from "../../../src/device/device.ts";
import type { Frame } from "../../../src/wire/frame.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { HandClock } from "../../hand-clock.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { ethernetFrame } from "../../host.ts";

const HEADROOM = 16;

/** Takes note of what is sent; `sendBatch` writes over it, as masking does. */
class FakeConnection implements OutboundConnection {
  readonly number: number;
  readonly sent: string[] = [];
  congested = false;
  takesBatches = true;
  flushes = 0;

  constructor(number: number) {
    this.number = number;
  }

  send({ bytes, start, end }: Frame): DropReason {
    this.sent.push(textOf(bytes, start, end));
    return Drop.none;
  }

  flush(): void {
    this.flushes++;
  }

  sendBatch(bytes: Uint8Array, spans: Uint32Array, count: number): boolean {
    for (let i = 0; i < count; i++) {
      const [start, end] = [spans[2 * i] as number, spans[2 * i + 1] as number];
      this.sent.push(textOf(bytes, start, end));
      bytes.fill(0xff, start, end);
    }
    return this.takesBatches;
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start + 14, end)).toString();
}

/** A frame for each text, each from a host of its own: a flow of its own. */
function batchOf(...texts: string[]): FrameBatch {
  const spans = new Uint32Array(2 * texts.length);
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, text] of texts.entries()) {
    const source = `02:00:00:00:${text.length.toString(16).padStart(2, "0")}:${(i % 256).toString(16).padStart(2, "0")}`;
    const frame = ethernetFrame("02:00:00:00:00:0b", source, text);
    const start = at + HEADROOM + VNET_HEADER_BYTES;
    parts.push(Buffer.alloc(HEADROOM + VNET_HEADER_BYTES), frame);
    spans[2 * i] = start;
    spans[2 * i + 1] = start + frame.length;
    at = start + frame.length;
  }
  return { bytes: Buffer.concat(parts), spans, count: texts.length };
}

describe("frames to the connections", () => {
  let clock: HandClock;
  let drops: DropCounters;
  let paused: boolean;
  let outbound: Outbound;
  let first: FakeConnection;
  let second: FakeConnection;

  beforeEach(() => {
    clock = new HandClock();
    drops = new DropCounters();
    paused = false;
    const device = {
      pause: () => {
        paused = true;
      },
      resume: () => {
        paused = false;
      },
    };
    outbound = new Outbound({ clock, device, drops });
    [first, second] = [new FakeConnection(0), new FakeConnection(1)];
  });

  test("go whole to the only one, which pauses the device while bytes wait", () => {
    outbound.use([first], true);
    outbound.send(batchOf("a", "b"));
    assert.deepEqual([first.sent, paused], [["a", "b"], false]);
    first.congested = true;
    outbound.send(batchOf("c"));
    assert.ok(paused);
    outbound.drained(first);
    assert.ok(!paused);
  });

  test("a batch that is lent keeps the device paused until the borrower lets it go, whatever else happens", () => {
    outbound.use([first], true);
    first.takesBatches = false;
    outbound.send(batchOf("a"));
    assert.equal(outbound.borrower, first);
    outbound.use([second], true);
    outbound.drained(second);
    assert.ok(paused);
    outbound.gone(first);
    assert.deepEqual([paused, outbound.borrower], [false, undefined]);
  });

  test("are held without one, and sent first when there is one", () => {
    outbound.send(batchOf("held"));
    assert.equal(outbound.heldFrames, 1);
    clock.advance(29_000);
    outbound.use([first], true);
    outbound.release();
    outbound.send(batchOf("next"));
    assert.deepEqual([first.sent, outbound.heldFrames, drops.total], [["held", "next"], 0, 0]);
  });

  test("are not sent when they are stale", () => {
    outbound.send(batchOf("stale"));
    clock.advance(30_001);
    outbound.send(batchOf("fresh"));
    outbound.use([first], true);
    outbound.release();
    assert.deepEqual([first.sent, drops.toJSON()], [["fresh"], { "egress-stale": 1 }]);
  });

  test("are held beside one that may be dead: sent again by another one, forgotten if it lives", () => {
    outbound.use([first], false);
    outbound.send(batchOf("doubtful"));
    assert.deepEqual([first.sent, outbound.heldFrames], [["doubtful"], 1]);
    outbound.use([first], true);
    outbound.forget();
    assert.equal(outbound.heldFrames, 0);
    outbound.use([first], false);
    outbound.send(batchOf("lost"));
    outbound.use([second], true);
    outbound.release();
    assert.deepEqual([second.sent, drops.total], [["lost"], 0]);
  });

  test("of one flow stay on one connection, and go on by the others when it is lost", () => {
    outbound.use([first, second], true);
    const texts = Array.from({ length: 64 }, (_, i) => `flow ${i}`);
    outbound.send(batchOf(...texts));
    const before = [first.sent.length, second.sent.length];
    assert.ok(Math.min(...before) > 12, `${before}`);
    outbound.send(batchOf(...texts));
    for (const { sent } of [first, second]) {
      assert.deepEqual(sent.slice(sent.length / 2), sent.slice(0, sent.length / 2));
    }
    const ofSecond = new Set(second.sent);
    outbound.use([first], true);
    outbound.send(batchOf(...texts));
    outbound.use([first, second], true);
    second.sent.length = 0;
    outbound.send(batchOf(...texts));
    assert.ok(second.sent.length > 12 && first.flushes > 0);
    assert.ok(ofSecond.size > 0);
  });

  test("with several the device is paused only while bytes wait for all", () => {
    outbound.use([first, second], true);
    first.congested = true;
    outbound.send(batchOf("a"));
    assert.ok(!paused);
    second.congested = true;
    outbound.send(batchOf("b"));
    assert.ok(paused);
    outbound.drained(second);
    assert.ok(!paused);
  });

  test("cost no memory, by one connection or several", () => {
    const batch = batchOf(...Array.from({ length: 100 }, (_, i) => `flow ${i}`));
    const silent = (number: number): OutboundConnection => ({
      ...{ number, congested: false, flush: () => {} },
      send: () => Drop.none,
      sendBatch: () => true,
    });
    for (const connections of [[silent(0)], [silent(0), silent(1), silent(2), silent(3)]]) {
      outbound.use(connections, true);
      const grown = leastHeapGrowthBytes(() => {
        for (let i = 0; i < 1_000; i++) outbound.send(batch);
      });
      assert.ok(grown < 100_000, `${grown} bytes for 100,000 frames by ${connections.length}`);
    }
  });
});
