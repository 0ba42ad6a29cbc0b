/** Numbers in [0, 1) that are the same in every run with the same seed: xorshift32 (Marsaglia 2003), 13-17-5. */
export class RandomNumbers {
  #state: number;

  /** Any integer; neighbouring seeds give unlike numbers, because the seed is scrambled first. */
  constructor(seed: number) {
    // The finalizer of MurmurHash3; the state must not be zero.
    let state = (seed ^ 0x9e3779b9) >>> 0;
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    this.#state = (state ^ (state >>> 16)) >>> 0 || 1;
  }

  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 0x1_0000_0000;
  }
}
