import { BufferPool } from "./buffer-pool.ts";
import { type Holder, HoldingOrder } from "./holding-order.ts";

/**
 * Where sockets read to. A thousand idle connections share one buffer; only a connection in the middle of a message
 * has one of its own, and gives it back when the message is whole:
 *
 *     shared ──rest of a message left──► own (rest moved to its front) ──nothing left──► shared
 *
 * Sharing is sound because a read and its callback are one step of the event loop.
 *
 * Where all own buffers are lent, the connection that has had its one for longest is closed for it: a message takes
 * milliseconds to arrive, and who never finishes one must not keep out those who do.
 */
export const RECEIVE_BUFFER_BYTES = 256 * 1024;
/** Connections that may be in the middle of a message at a time: 512 MiB in all. */
const MAX_LENT = 2_048;

export class ReceiveBuffers {
  readonly shared = Buffer.allocUnsafeSlow(RECEIVE_BUFFER_BYTES);
  readonly #pool: BufferPool;
  readonly #holders = new HoldingOrder();

  constructor(maxLent = MAX_LENT) {
    this.#pool = new BufferPool({ bufferBytes: RECEIVE_BUFFER_BYTES, maxFree: 16, maxLent });
  }

  /** A buffer for one that has none; the oldest holder makes way if that is needed. */
  take(holder: Holder): Buffer | undefined {
    const buffer = this.#pool.take() ?? this.#takeFromOldest();
    if (buffer !== undefined) this.#holders.add(holder);
    return buffer;
  }

  /** Takes back what this holder has; the shared buffer is nobody's. */
  release(holder: Holder, buffer: Buffer): void {
    if (buffer === this.shared) return;
    this.#holders.delete(holder);
    this.#pool.release(buffer);
  }

  #takeFromOldest(): Buffer | undefined {
    this.#holders.oldest?.makeWay();
    return this.#pool.take();
  }
}

/** Consumes bytes[start, end) as far as it can; returns the offset of the first byte it wants to see again. */
export type Consume = (bytes: Uint8Array, start: number, end: number) => number;

/** A connection's window on its receive buffer: bytes before `#from` are consumed, those before `#to` have arrived. */
export class ReceiveWindow implements Holder {
  /** Its neighbours in the order of the holders; theirs to write. */
  older: Holder | undefined;
  newer: Holder | undefined;
  readonly #buffers: ReceiveBuffers;
  readonly #consume: Consume;
  readonly #onFull: () => void;
  /** Always room for one whole message behind what has arrived. */
  readonly #minRoomBytes: number;
  #bytes: Buffer;
  #from = 0;
  #to = 0;
  #closed = false;

  /** `onFull` is called at most once, when the buffer with half a message is taken away: the connection cannot go on. */
  constructor(buffers: ReceiveBuffers, maxMessageBytes: number, consume: Consume, onFull: () => void) {
    if (maxMessageBytes * 2 > RECEIVE_BUFFER_BYTES) throw new RangeError("a receive buffer must hold two messages");
    this.#buffers = buffers;
    this.#minRoomBytes = maxMessageBytes;
    this.#consume = consume;
    this.#onFull = onFull;
    this.#bytes = buffers.shared;
  }

  /** Where the next read goes. */
  room(): Buffer {
    return this.#to === 0 ? this.#bytes : this.#bytes.subarray(this.#to);
  }

  /** `byteCount` bytes were read into `room()`. */
  arrived(byteCount: number): void {
    if (this.#closed) return;
    this.#to += byteCount;
    this.#settle(this.#consume(this.#bytes, this.#from, this.#to));
  }

  /** Bytes in a buffer of somebody else's, as a stream without static buffers delivers them. */
  push(chunk: Buffer): void {
    if (this.#closed) return;
    let offset = 0;
    if (this.#to === 0) {
      offset = this.#consume(chunk, 0, chunk.length);
    }
    while (offset < chunk.length && !this.#closed) {
      this.#own();
      if (this.#closed) return;
      const taken = chunk.copy(this.#bytes, this.#to, offset);
      offset += taken;
      this.arrived(taken);
    }
  }

  /** Gives the buffer back. What arrives afterwards is ignored; may be called from within `Consume`. */
  close(): void {
    this.#closed = true;
    this.#empty();
  }

  makeWay(): void {
    this.close();
    this.#onFull();
  }

  #settle(consumed: number): void {
    if (this.#closed) return;
    this.#from = consumed;
    if (this.#from === this.#to) {
      this.#empty();
    } else if (this.#bytes === this.#buffers.shared) {
      this.#own();
    } else if (this.#bytes.length - this.#to < this.#minRoomBytes) {
      this.#bytes.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
  }

  #empty(): void {
    this.#buffers.release(this, this.#bytes);
    this.#bytes = this.#buffers.shared;
    this.#from = 0;
    this.#to = 0;
  }

  /** Moves what is left into a buffer of the connection's own. */
  #own(): void {
    if (this.#bytes !== this.#buffers.shared) return;
    const own = this.#buffers.take(this);
    if (own === undefined) {
      this.makeWay();
      return;
    }
    this.#to = this.#bytes.copy(own, 0, this.#from, this.#to);
    this.#from = 0;
    this.#bytes = own;
  }
}
