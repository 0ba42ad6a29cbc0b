import { randomFillSync } from "node:crypto";

/**
 * Masking keys that nobody can predict (RFC 6455 5.3 and 10.3: a fresh one per message, so that what crosses an
 * intermediary cannot be chosen by who makes us send it), drawn from the system's generator a thousand at a time.
 */
export class MaskKeys {
  readonly #keys = new Int32Array(1024);
  #next = this.#keys.length;

  /** A new key: its four bytes, big-endian, as a signed 32-bit integer. */
  next(): number {
    if (this.#next === this.#keys.length) {
      randomFillSync(this.#keys);
      this.#next = 0;
    }
    return this.#keys[this.#next++] as number;
  }
}
