import type { BufferPool } from "./buffer-pool.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { EgressPools } from "./egress-pools.ts";

/**
 * What waits to be sent on one connection: encoded messages, packed one behind the other into pooled buffers.
 *
 *     reserve() writes here ┐                    write() sends from here ┐
 *                           ▼                                            ▼
 *     filling [msg msg ··· free]   waiting [ full ] [ full ] …   sending [ full ]
 *
 * While a write is under way messages gather, and the next write takes them in one system call. The bound is in
 * bytes over all three; what does not fit is dropped by the caller (tail drop), so one slow peer costs its bound and
 * nothing else. The pools bound what all queues together hold, and give each queue a share of what is left. A
 * connection with nothing to send holds no buffer.
 */
export interface EgressQueueOptions {
  /** Most bytes waiting, those handed to the socket but not taken by the kernel included. */
  readonly maxQueuedBytes: number;
}

/** Control messages may exceed the bound by this much: a goodbye must not be lost because frames wait. */
const CONTROL_RESERVE_BYTES = 4 * 1024;

/**
 * A queue may have an eighth as many large buffers waiting as nobody holds, and one always (dynamic thresholds, Choudhury
 * and Hahne 1998): alone it reaches its own bound, and a hundred that nobody reads leave some for those that are read.
 */
const AVAILABLE_PER_HELD = 8;

/** A pooled buffer, how much of it is in use, and what frames that is. */
interface Filled {
  readonly buffer: Buffer;
  readonly pool: BufferPool;
  bytes: number;
  frames: number;
  frameBytes: number;
}

export interface EgressQueueDeps {
  readonly stream: ByteStream;
  readonly pools: EgressPools;
  /** Frames were handed to the socket, of so many bytes without what is around them. */
  readonly onSent: (frames: number, frameBytes: number) => void;
  /** Frames were dropped with the queue. */
  readonly onLost: (frames: number) => void;
}

export class EgressQueue {
  readonly #deps: EgressQueueDeps;
  readonly #stream: ByteStream;
  readonly #pools: EgressPools;
  readonly #maxQueuedBytes: number;
  readonly #waiting: Filled[] = [];
  #filling: Filled | undefined;
  #sending: Filled | undefined;
  #waitingBytes = 0;
  #closed = false;

  constructor(deps: EgressQueueDeps, options: EgressQueueOptions) {
    this.#deps = deps;
    this.#stream = deps.stream;
    this.#pools = deps.pools;
    this.#maxQueuedBytes = options.maxQueuedBytes;
  }

  get queuedBytes(): number {
    return (this.#sending?.bytes ?? 0) + this.#waitingBytes + (this.#filling?.bytes ?? 0);
  }

  /** The buffer that `reserve` answered an offset of. */
  get buffer(): Buffer {
    return (this.#filling as Filled).buffer;
  }

  /**
   * Room for a message of `bytes` bytes: the offset in `buffer` where to write all of them, or −1 if there is none.
   * `frames` is 0 for a later part of a frame that was cut.
   */
  reserve(bytes: number, frames: number, frameBytes: number): number {
    const at = this.#reserve(bytes, this.#maxQueuedBytes);
    if (at < 0) return at;
    const filling = this.#filling as Filled;
    filling.frames += frames;
    filling.frameBytes += frameBytes;
    return at;
  }

  /** Queues ready bytes, a control message; false if there is no room. */
  append(message: Uint8Array): boolean {
    const at = this.#reserve(message.length, this.#maxQueuedBytes + CONTROL_RESERVE_BYTES);
    if (at < 0) return false;
    this.buffer.set(message, at);
    return true;
  }

  /** Sends as much as the socket takes. */
  flush(): void {
    while (!this.#closed && !this.#stream.writing && this.#next()) {
      const { buffer, bytes, frames, frameBytes } = this.#sending as Filled;
      if (frameBytes > 0) this.#deps.onSent(frames, frameBytes);
      if (this.#stream.write(buffer.subarray(0, bytes))) this.#sent();
    }
  }

  /** The write under way is done; to be called on the stream's `onDrained`. */
  drained(): void {
    this.#sent();
    this.flush();
  }

  /** Drops everything that waits and gives the buffers back. */
  close(): void {
    this.#closed = true;
    if (this.#filling !== undefined) this.#waiting.push(this.#filling);
    this.#filling = undefined;
    for (const { buffer, pool, frames } of this.#waiting) {
      pool.release(buffer);
      if (frames > 0) this.#deps.onLost(frames);
    }
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    // The kernel may still read a buffer whose write is under way.
    this.#sending?.pool.abandon();
    this.#sending = undefined;
  }

  #reserve(bytes: number, maxBytes: number): number {
    if (this.#closed || this.queuedBytes + bytes > maxBytes || !this.#makeRoom(bytes)) return -1;
    const filling = this.#filling as Filled;
    const at = filling.bytes;
    filling.bytes += bytes;
    return at;
  }

  /** Sees to it that the buffer being filled has room: the first is small if that will do, then it grows, then the next. */
  #makeRoom(bytes: number): boolean {
    const { small, large } = this.#pools;
    const filling = this.#filling;
    if (filling === undefined) return this.#begin(bytes <= small.bufferBytes ? small : large);
    const neededBytes = filling.bytes + bytes;
    if (neededBytes <= filling.buffer.length) return true;
    if (filling.pool === small && neededBytes <= large.bufferBytes) return this.#grow(filling);
    this.#waiting.push(filling);
    this.#waitingBytes += filling.bytes;
    this.#filling = undefined;
    return this.#begin(large);
  }

  #begin(pool: BufferPool): boolean {
    const buffer = pool === this.#pools.large && this.#hasShare() ? undefined : pool.take();
    if (buffer !== undefined) this.#filling = { buffer, pool, bytes: 0, frames: 0, frameBytes: 0 };
    return buffer !== undefined;
  }

  /** Whether it holds as much as it may while so few large buffers are left. */
  #hasShare(): boolean {
    const held = this.#waiting.length + (this.#sending === undefined ? 0 : 1);
    return held > 0 && held * AVAILABLE_PER_HELD >= this.#pools.large.available;
  }

  #grow({ buffer, pool, bytes, frames, frameBytes }: Filled): boolean {
    if (!this.#begin(this.#pools.large)) return false;
    const grown = this.#filling as Filled;
    grown.bytes = buffer.copy(grown.buffer, 0, 0, bytes);
    grown.frames = frames;
    grown.frameBytes = frameBytes;
    pool.release(buffer);
    return true;
  }

  /** Moves the oldest full buffer, or the one being filled, to sending. False if there is nothing to send. */
  #next(): boolean {
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) this.#waitingBytes -= oldest.bytes;
    this.#sending = oldest ?? this.#filling;
    if (oldest === undefined) this.#filling = undefined;
    return this.#sending !== undefined;
  }

  #sent(): void {
    if (this.#sending !== undefined) this.#sending.pool.release(this.#sending.buffer);
    this.#sending = undefined;
  }
}
