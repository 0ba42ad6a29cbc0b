import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Holder, HoldingOrder } from "../../src/transport/holding-order.ts";
import { RECEIVE_BUFFER_BYTES, ReceiveBuffers, ReceiveWindow } from "../../src/transport/receive-buffers.ts";

const MAX_MESSAGE_BYTES = 66 * 1024;

/** Counts what is lent, and scribbles over what comes back, so that whoever still looks at it is found out. */
class CountingBuffers extends ReceiveBuffers {
  readonly lent = new Set<Buffer>();

  override take(holder: Holder): Buffer | undefined {
    const buffer = super.take(holder);
    assert.ok(buffer);
    assert.ok(!this.lent.has(buffer), "a buffer is lent to one owner at a time");
    this.lent.add(buffer);
    return buffer;
  }

  override release(holder: Holder, buffer: Buffer): void {
    if (buffer !== this.shared) {
      assert.ok(this.lent.delete(buffer), "a buffer comes back once");
      buffer.fill(0xdd, 0, 4096);
    }
    super.release(holder, buffer);
  }
}

/** One connection that receives messages of the form `u32be length, payload`, whatever way they are cut. */
class Receiver {
  readonly received: Buffer[] = [];
  readonly window: ReceiveWindow;
  /** Closes the window from within, before this message. */
  closeBefore = Number.POSITIVE_INFINITY;
  /** Whether the buffer with half a message was taken away. */
  isFull = false;
  readonly #buffers: CountingBuffers;

  constructor(buffers: CountingBuffers) {
    this.#buffers = buffers;
    this.window = new ReceiveWindow(
      buffers,
      MAX_MESSAGE_BYTES,
      (bytes, start, end) => this.#consume(bytes, start, end),
      () => {
        this.isFull = true;
      },
    );
  }

  #consume(bytes: Uint8Array, start: number, end: number): number {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    while (end - at >= 4 && end - at >= 4 + view.readUInt32BE(at)) {
      if (this.received.length === this.closeBefore) {
        this.window.close();
        return at;
      }
      const next = at + 4 + view.readUInt32BE(at);
      this.received.push(Buffer.from(view.subarray(at + 4, next)));
      at = next;
    }
    return at;
  }

  /** As a socket with static buffers does: into the room there is, however much that is. */
  read(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) {
      const room = this.window.room();
      assert.ok(room.length > 0, "there is always room for a read");
      const bytes = rest.copy(room);
      rest = rest.subarray(bytes);
      this.window.arrived(bytes);
      this.#scribble();
    }
  }

  /** As a stream without static buffers does. */
  push(piece: Buffer): void {
    this.window.push(Buffer.from(piece));
    this.#scribble();
  }

  /** What another connection's read would do to the shared buffer. */
  #scribble(): void {
    this.#buffers.shared.fill(0xcc, 0, 200_000);
  }
}

const encode = (payloads: readonly Buffer[]): Buffer =>
  Buffer.concat(
    payloads.map((payload) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(payload.length);
      return Buffer.concat([length, payload]);
    }),
  );

const pattern = (length: number, tag: number): Buffer =>
  Buffer.alloc(length, Buffer.from([tag, tag + 1, tag + 2, 7, 9]));
const sizes = fc.oneof(
  fc.nat(40),
  fc.integer({ min: 1400, max: 1600 }),
  fc.integer({ min: 60_000, max: MAX_MESSAGE_BYTES - 4 }),
);
const payloads = fc.array(sizes, { minLength: 1, maxLength: 14 }).map((all) => all.map((size, i) => pattern(size, i)));
const pieceSizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 90_000 }), fc.constant(600_000)),
  {
    minLength: 1,
  },
);

/** Cuts a stream into pieces of these sizes, over and over. */
function cut(stream: Buffer, sizesInTurn: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = Math.max(sizesInTurn[i % sizesInTurn.length] as number, Math.ceil(stream.length / 2_000));
    pieces.push(stream.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const hashes = (all: readonly Buffer[]): string[] =>
  all.map(
    (one) => `${one.length} ${one.subarray(0, 8).toString("hex")} ${one.equals(pattern(one.length, one[0] ?? 0))}`,
  );

describe("receive window", () => {
  test("every split of a short stream gives the same messages, read in place or pushed, and no buffer stays out", () => {
    const expected = [pattern(5, 1), pattern(0, 2), pattern(11, 3)];
    const stream = encode(expected);
    const buffers = new CountingBuffers();
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const pieces = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        for (const way of ["read", "push"] as const) {
          const receiver = new Receiver(buffers);
          for (const piece of pieces) receiver[way](piece);
          assert.deepEqual(receiver.received, expected, `${way}, cut at ${first} and ${second}`);
          assert.equal(buffers.lent.size, 0, `${way}, cut at ${first} and ${second}`);
        }
      }
    }
  });

  test("two connections that share a buffer get their own messages, in order, at any sizes and cuts", () => {
    fc.assert(
      fc.property(
        payloads,
        pieceSizes,
        payloads,
        pieceSizes,
        fc.boolean(),
        fc.boolean(),
        (...[one, cutsOne, other, cutsOther, pushOne, pushOther]) => {
          const buffers = new CountingBuffers();
          const receivers = [new Receiver(buffers), new Receiver(buffers)] as const;
          const streams = [cut(encode(one), cutsOne), cut(encode(other), cutsOther)] as const;
          const ways = [pushOne ? "push" : "read", pushOther ? "push" : "read"] as const;
          for (let i = 0; i < Math.max(streams[0].length, streams[1].length); i++) {
            for (const side of [0, 1] as const) {
              const piece = streams[side][i];
              if (piece !== undefined) receivers[side][ways[side]](piece);
            }
          }
          assert.deepEqual(hashes(receivers[0].received), hashes(one));
          assert.deepEqual(hashes(receivers[1].received), hashes(other));
          assert.equal(buffers.lent.size, 0, "who has nothing half received has no buffer");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a window closed at any moment, from within or without, gives its buffer back once and ignores the rest", () => {
    fc.assert(
      fc.property(
        payloads,
        pieceSizes,
        fc.nat(14),
        fc.nat(20),
        fc.boolean(),
        (all, cuts, closeBefore, closeAfter, isPushed) => {
          const buffers = new CountingBuffers();
          const receiver = new Receiver(buffers);
          receiver.closeBefore = closeBefore;
          for (const [i, piece] of cut(encode(all), cuts).entries()) {
            if (i === closeAfter) receiver.window.close();
            receiver[isPushed ? "push" : "read"](piece);
          }
          receiver.window.close();
          assert.equal(buffers.lent.size, 0);
          assert.ok(receiver.received.length <= closeBefore);
          assert.deepEqual(hashes(receiver.received), hashes(all.slice(0, receiver.received.length)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a closed window hands nothing on, read or pushed", () => {
    const receiver = new Receiver(new CountingBuffers());
    receiver.window.close();
    receiver.push(encode([pattern(5, 1)]));
    receiver.read(encode([pattern(5, 1)]));
    assert.deepEqual(receiver.received, []);
  });

  test("a connection in the middle of a message holds one buffer, and reads may fill the shared one to the end", () => {
    const buffers = new CountingBuffers();
    const receiver = new Receiver(buffers);
    const message = encode([pattern(60_000, 1)]);
    const full = Buffer.concat(Array.from({ length: 5 }, () => message)).subarray(0, RECEIVE_BUFFER_BYTES);
    receiver.read(full);
    assert.equal(buffers.lent.size, 1);
    receiver.read(Buffer.concat(Array.from({ length: 5 }, () => message)).subarray(RECEIVE_BUFFER_BYTES));
    assert.equal(receiver.received.length, 5);
    assert.equal(buffers.lent.size, 0);
  });

  test("a window for messages that no buffer could hold twice is refused", () => {
    const buffers = new ReceiveBuffers();
    assert.throws(
      () =>
        new ReceiveWindow(
          buffers,
          RECEIVE_BUFFER_BYTES / 2 + 1,
          () => 0,
          () => {},
        ),
      RangeError,
    );
  });

  test("where no buffer is left, the connection that has been in the middle of a message for longest makes way", () => {
    const buffers = new CountingBuffers(2);
    const [slow, quick, busy, late] = Array.from({ length: 4 }, () => new Receiver(buffers));
    assert.ok(slow && quick && busy && late);
    const message = encode([pattern(100, 1)]);
    const [beginning, end] = [message.subarray(0, 50), message.subarray(50)];
    slow.read(beginning);
    busy.read(beginning);
    busy.read(end);
    quick.read(beginning);
    busy.read(beginning);
    assert.deepEqual(
      [slow, quick, busy].map(({ isFull }) => isFull),
      [true, false, false],
    );
    quick.read(end);
    late.read(beginning);
    busy.read(end);
    late.read(end);
    slow.read(end);
    assert.deepEqual(
      [slow, quick, busy, late].map(({ received, isFull }) => [received.length, isFull]),
      [
        [0, true],
        [1, false],
        [2, false],
        [1, false],
      ],
    );
    assert.equal(buffers.lent.size, 0);
  });

  test("holders leave their order from any place in it, and those who stay keep theirs", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(7), { maxLength: 60 }), (moves) => {
        const order = new HoldingOrder();
        const oracle: number[] = [];
        const holders = Array.from({ length: 8 }, () => ({ older: undefined, newer: undefined, makeWay: () => {} }));
        for (const move of moves) {
          const holder = holders[move] as Holder;
          if (oracle.includes(move)) {
            order.delete(holder);
            oracle.splice(oracle.indexOf(move), 1);
          } else {
            order.add(holder);
            oracle.push(move);
          }
          assert.equal(order.oldest, oracle[0] === undefined ? undefined : holders[oracle[0]]);
        }
      }),
    );
  });

  test("a connection is closed when there is no buffer at all for the rest of its message", () => {
    const receiver = new Receiver(new EmptyBuffers());
    receiver.read(encode([pattern(100, 1)]));
    assert.equal(receiver.received.length, 1);
    receiver.read(encode([pattern(100, 2)]).subarray(0, 50));
    assert.equal(receiver.isFull, true);
  });
});

class EmptyBuffers extends CountingBuffers {
  override take(): Buffer | undefined {
    return undefined;
  }
}
