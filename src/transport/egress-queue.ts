import type { BufferPool } from "./buffer-pool.ts";
import type { ByteStream } from "./byte-stream.ts";

/**
 * What waits to be sent on one connection: encoded messages, packed one behind the other into pooled buffers.
 *
 *     reserve() writes here ┐                    write() sends from here ┐
 *                           ▼                                            ▼
 *     filling [msg msg ··· free]   waiting [ full ] [ full ] …   sending [ full ]
 *
 * While a write is under way messages gather, and the next write takes them in one system call. The bound is in
 * bytes over all three; what does not fit is dropped by the caller (tail drop), so one slow peer costs its bound and
 * nothing else. A connection with nothing to send holds no buffer.
 */
export interface EgressQueueOptions {
  /** Most bytes waiting, those handed to the socket but not taken by the kernel included. */
  readonly maxQueuedBytes: number;
}

export class EgressQueue {
  readonly #stream: ByteStream;
  readonly #pool: BufferPool;
  readonly #maxQueuedBytes: number;
  readonly #waiting: { readonly buffer: Buffer; readonly bytes: number }[] = [];
  #filling: Buffer | undefined;
  #filled = 0;
  #sending: Buffer | undefined;
  #sendingBytes = 0;
  #waitingBytes = 0;
  #closed = false;

  constructor(deps: { readonly stream: ByteStream; readonly pool: BufferPool }, options: EgressQueueOptions) {
    this.#stream = deps.stream;
    this.#pool = deps.pool;
    this.#maxQueuedBytes = options.maxQueuedBytes;
  }

  get queuedBytes(): number {
    return this.#sendingBytes + this.#waitingBytes + this.#filled;
  }

  /** The buffer that `reserve` answered an offset of. */
  get buffer(): Buffer {
    return this.#filling as Buffer;
  }

  /** Room for a message of `bytes` bytes: the offset in `buffer` where to write all of them, or −1 if the queue is full. */
  reserve(bytes: number): number {
    if (this.#closed || this.queuedBytes + bytes > this.#maxQueuedBytes) return -1;
    if (this.#filling !== undefined && this.#filled + bytes > this.#filling.length) this.#seal(this.#filling);
    if (this.#filling === undefined) this.#filling = this.#pool.take();
    const at = this.#filled;
    this.#filled += bytes;
    return at;
  }

  /** Queues ready bytes, a control message say; false if the queue is full. */
  append(message: Uint8Array): boolean {
    const at = this.reserve(message.length);
    if (at < 0) return false;
    this.buffer.set(message, at);
    return true;
  }

  /** Sends as much as the socket takes. */
  flush(): void {
    while (!this.#closed && !this.#stream.writing && this.#next()) {
      if (this.#stream.write((this.#sending as Buffer).subarray(0, this.#sendingBytes))) this.#sent();
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
    for (const { buffer } of this.#waiting) this.#pool.release(buffer);
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    if (this.#filling !== undefined) this.#pool.release(this.#filling);
    this.#filling = undefined;
    this.#filled = 0;
    // The kernel may still read a buffer whose write is under way: that one is left to the garbage collector.
    this.#sending = undefined;
    this.#sendingBytes = 0;
  }

  /** Moves the oldest full buffer, or the one being filled, to sending. False if there is nothing to send. */
  #next(): boolean {
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) {
      this.#waitingBytes -= oldest.bytes;
      this.#sending = oldest.buffer;
      this.#sendingBytes = oldest.bytes;
      return true;
    }
    if (this.#filling === undefined) return false;
    this.#sending = this.#filling;
    this.#sendingBytes = this.#filled;
    this.#filling = undefined;
    this.#filled = 0;
    return true;
  }

  #seal(full: Buffer): void {
    this.#waiting.push({ buffer: full, bytes: this.#filled });
    this.#waitingBytes += this.#filled;
    this.#filling = undefined;
    this.#filled = 0;
  }

  #sent(): void {
    if (this.#sending === undefined) return;
    this.#pool.release(this.#sending);
    this.#sending = undefined;
    this.#sendingBytes = 0;
  }
}
