/**
 * Buffers of one size, lent and taken back, so that the frame path allocates none. At most `maxFree` wait unused;
 * what comes back beyond that is left to the garbage collector. Who takes a buffer is its one owner until it releases it.
 */
export class BufferPool {
  readonly bufferBytes: number;
  readonly #maxFree: number;
  readonly #free: Buffer[] = [];

  constructor(options: { readonly bufferBytes: number; readonly maxFree: number }) {
    this.bufferBytes = options.bufferBytes;
    this.#maxFree = options.maxFree;
  }

  /** A buffer with arbitrary contents. */
  take(): Buffer {
    // allocUnsafeSlow: never a slice of Node's shared pool, and pages that nobody touches cost no memory.
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes);
  }

  release(buffer: Buffer): void {
    if (this.#free.length < this.#maxFree) this.#free.push(buffer);
  }
}
