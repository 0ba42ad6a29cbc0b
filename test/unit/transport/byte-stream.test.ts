/** How a ByteStream says that a write is done: over a socket that takes what the test says, when it says so. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { ByteStream, type Hold } from "../../../src/transport/byte-stream.ts";
import { ReceiveBuffers } from "../../../src/transport/receive-buffers.ts";

/** In the place of a socket: the kernel takes everything at once, or waits for `drain`. */
class HandSocket extends EventEmitter {
  isFull = false;
  writableLength = 0;
  destroyed = false;
  #written: (() => void)[] = [];

  write(bytes: Uint8Array, onWritten?: () => void): boolean {
    if (this.isFull) this.writableLength += bytes.length;
    if (onWritten !== undefined) this.#written.push(onWritten);
    return !this.isFull;
  }

  /** The kernel has taken what there was; who wrote is told. Node tells so later, too, of what was taken at once. */
  drain(): void {
    this.writableLength = 0;
    for (const onWritten of this.#written.splice(0)) onWritten();
  }

  destroy(): void {
    this.destroyed = true;
  }

  setNoDelay(): void {}
  resume(): void {}
  cork(): void {}
  uncork(): void {}
}

/** A hold that the test steers. */
class HandHold {
  isEnough = false;
  asked = 0;
  resume: () => void = () => assert.fail("nobody is held");

  readonly ask: Hold = (resume) => {
    this.asked++;
    this.resume = resume;
    return this.isEnough;
  };
}

const BYTES = Buffer.alloc(10);

describe("a write to a byte stream", () => {
  let socket: HandSocket;
  let hold: HandHold;
  let stream: ByteStream;
  let drained: number;
  let closed: number;

  beforeEach(() => {
    [socket, hold, drained, closed] = [new HandSocket(), new HandHold(), 0, 0];
    stream = new ByteStream(socket as unknown as Socket, new ReceiveBuffers(), {
      maxMessageBytes: 1_000,
      head: Buffer.alloc(0),
    });
    stream.start({ consume: (_bytes, start) => start, onDrained: () => drained++, onClosed: () => closed++ });
  });

  test("is done at once where the kernel takes it, and later where it does not", () => {
    assert.deepEqual([stream.write(BYTES), stream.writing], [true, false]);
    socket.drain();
    assert.equal(drained, 0, "nobody waits for it");
    socket.isFull = true;
    assert.deepEqual([stream.writePieces([BYTES, BYTES]), stream.writing], [false, true]);
    socket.drain();
    assert.deepEqual([stream.writing, drained, stream.takenBytes, stream.writes], [false, 1, 30, 2]);
  });

  test("that the kernel took is under way while the socket has enough", () => {
    stream.hold = hold.ask;
    hold.isEnough = true;
    assert.deepEqual([stream.write(BYTES), stream.writing], [false, true]);
    socket.drain();
    assert.deepEqual([stream.writing, drained], [true, 0], "that the kernel took it is no news");
    hold.resume();
    assert.deepEqual([stream.writing, drained, hold.asked], [true, 0, 2], "it has enough still");
    hold.isEnough = false;
    hold.resume();
    assert.deepEqual([stream.writing, drained], [false, 1]);
    hold.resume();
    assert.equal(drained, 1, "once");
  });

  test("asks whether it is enough when the kernel took it, and not before", () => {
    stream.hold = hold.ask;
    [socket.isFull, hold.isEnough] = [true, true];
    assert.equal(stream.write(BYTES), false);
    assert.equal(hold.asked, 0);
    socket.drain();
    assert.deepEqual([hold.asked, stream.writing, drained], [1, true, 0]);
    hold.isEnough = false;
    hold.resume();
    assert.deepEqual([stream.writing, drained], [false, 1]);
  });

  test("is not done any more when the stream is destroyed: who is told so would write to nobody", () => {
    stream.hold = hold.ask;
    for (const isHeld of [true, false]) {
      [socket.destroyed, socket.isFull, hold.isEnough] = [false, !isHeld, isHeld];
      stream.write(BYTES);
      stream.destroy();
      hold.isEnough = false;
      if (isHeld) hold.resume();
      socket.drain();
      assert.deepEqual([drained, stream.writing], [0, true]);
      assert.equal(stream.write(BYTES), false);
    }
    socket.emit("close");
    if (hold.asked > 0) hold.resume();
    assert.deepEqual([drained, closed], [0, 1]);
  });

  test("is done, in any order of events, when kernel and hold have had it, and is told once", () => {
    const event = fc.constantFrom("write", "full", "empty", "drain", "enough", "more", "resume");
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const naive = { isPending: false, isHeld: false, drained: 0 };
        [socket, hold, drained] = [new HandSocket(), new HandHold(), 0];
        stream = new ByteStream(socket as unknown as Socket, new ReceiveBuffers(), {
          maxMessageBytes: 1_000,
          head: Buffer.alloc(0),
        });
        stream.start({ consume: (_bytes, start) => start, onDrained: () => drained++, onClosed: () => {} });
        stream.hold = hold.ask;
        for (const name of events) {
          if (name === "full" || name === "empty") socket.isFull = name === "full";
          else if (name === "enough" || name === "more") hold.isEnough = name === "enough";
          else if (name === "write" && !naive.isPending && !naive.isHeld) {
            naive.isPending = socket.isFull;
            naive.isHeld = !socket.isFull && hold.isEnough;
            assert.equal(stream.write(BYTES), !naive.isPending && !naive.isHeld);
          } else if (name === "drain") {
            if (naive.isPending) {
              naive.isHeld = hold.isEnough;
              if (!naive.isHeld) naive.drained++;
            }
            naive.isPending = false;
            socket.drain();
          } else if (name === "resume" && naive.isHeld) {
            naive.isHeld = hold.isEnough;
            if (!naive.isHeld) naive.drained++;
            hold.resume();
          }
          assert.deepEqual([stream.writing, drained], [naive.isPending || naive.isHeld, naive.drained]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
