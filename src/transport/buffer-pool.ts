export interface BufferPoolOptions {
  /** Size of each buffer. */
  readonly bufferBytes: number;
  /** Most buffers that wait unused; what comes back beyond that is left to the garbage collector. */
  readonly maxFree: number;
  /** Most buffers lent at a time: the bound on what all borrowers together can make the process hold. */
  readonly maxLent: number;
}

/**
 * Buffers of one size, lent and taken back, so that the frame path allocates none. Who takes a buffer is its one
 * owner until it releases or abandons it.
 */
export class BufferPool {
  readonly bufferBytes: number;
  readonly #options: BufferPoolOptions;
  readonly #free: Buffer[] = [];
  #lentCount = 0;

  constructor(options: BufferPoolOptions) {
    this.bufferBytes = options.bufferBytes;
    this.#options = options;
  }

  /** How many can still be lent. */
  get available(): number {
    return this.#options.maxLent - this.#lentCount;
  }

  /** A buffer with arbitrary contents; undefined if all are lent. */
  take(): Buffer | undefined {
    if (this.#lentCount >= this.#options.maxLent) return undefined;
    this.#lentCount++;
    // allocUnsafeSlow: never a slice of Node's shared pool, and pages that nobody touches cost no memory.
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes);
  }

  release(buffer: Buffer): void {
    this.#lentCount--;
    if (this.#free.length < this.#options.maxFree) this.#free.push(buffer);
  }

  /** Gives up a buffer that somebody else may still read; the garbage collector takes it when nobody does. */
  abandon(): void {
    this.#lentCount--;
  }
}
