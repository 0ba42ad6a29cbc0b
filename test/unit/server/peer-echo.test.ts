import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Drop, type DropReason } from "../../../src/base/drop-reason.ts";
import { PeerEcho } from "../../../src/server/peer-echo.ts";
import { Port } from "../../../src/switch/port.ts";
import type { PortGuard } from "../../../src/switch/port-guard.ts";
import { ECHO_MIN_BYTES, parseEchoReply, writeEchoRequest } from "../../../src/wire/echo-frame.ts";
import { MAX_FRAME_BYTES } from "../../../src/wire/ethernet.ts";
import { Frame } from "../../../src/wire/frame.ts";
import type { Mac } from "../../../src/wire/mac.ts";
import { HandClock } from "../../hand-clock.ts";

const MAC = "02:00:00:00:00:01" as Mac;

/** A guard that says the same of every frame. */
const guardThat = (inspect: DropReason, permit: DropReason): PortGuard => ({
  inspect: () => inspect,
  admitSource: () => Drop.none,
  admitUnknown: () => Drop.none,
  permit: () => permit,
});

describe("a peer's echo", () => {
  let clock: HandClock;
  let sent: Buffer[];
  let flushed: number;
  let port: Port;
  let echo: PeerEcho;

  beforeEach(() => {
    clock = new HandClock();
    sent = [];
    flushed = 0;
    const egress = {
      deliver: ({ bytes, start, end }: Frame): DropReason => {
        sent.push(Buffer.from(bytes.subarray(start, end)));
        return Drop.none;
      },
      flush: () => void flushed++,
    };
    port = new Port(0, { name: "peer 1", mac: MAC, bridge: false, egress });
    echo = new PeerEcho(clock, port);
  });

  function ask(replyBytes: number, requestBytes = ECHO_MIN_BYTES): void {
    const bytes = Buffer.alloc(requestBytes);
    writeEchoRequest({ source: MAC, lane: 1, sequence: 5, replyBytes }, bytes);
    echo.answer(new Frame(bytes).set(bytes, 0, bytes.length, false));
  }

  test("answers at once, with as many bytes as were asked for", () => {
    ask(1_514, 900);
    const [reply = Buffer.alloc(0)] = sent;
    assert.deepEqual(parseEchoReply(reply, 0, reply.length), { lane: 1, sequence: 5, requestBytes: 900 });
    assert.deepEqual([reply.length, sent.length, flushed], [1_514, 1, 1]);
    assert.deepEqual([port.receivedBytes, port.sentBytes], [900, 1_514]);
  });

  test("sends no runt, and nothing longer than a frame can be", () => {
    for (const wanted of [0, 0xffff_ffff]) ask(wanted);
    assert.deepEqual(
      sent.map(({ length }) => length),
      [ECHO_MIN_BYTES, MAX_FRAME_BYTES],
    );
  });

  test("asks the guard about both frames", () => {
    port.guard = guardThat(Drop.rateUp, Drop.none);
    ask(60);
    port.guard = guardThat(Drop.none, Drop.ethertypeDenied);
    ask(60);
    assert.deepEqual(sent, []);
    assert.deepEqual(
      [port.ingressDrops.toJSON(), port.egressDrops.toJSON()],
      [{ "rate-up": 1 }, { "ethertype-denied": 1 }],
    );
  });

  test("keeps to a gigabit per second", () => {
    const send = (bytes: number): number => {
      const before = sent.length;
      for (let asked = 0; asked < bytes; asked += 50_000) ask(50_000);
      return (sent.length - before) * 50_000;
    };
    assert.ok(send(20_000_000) <= 4_000_000, "the burst");
    clock.advance(1_000);
    assert.ok(port.egressDrops.get(Drop.egressFull) > 0);
    clock.advance(16);
    assert.ok(send(20_000_000) <= 4_000_000, "the bucket holds no more");
  });
});
