import { TokenBucket } from "../base/token-bucket.ts";
import type { RateLimit } from "../switch/port-rules.ts";
import type { GuardTime } from "./guard-time.ts";

/** Polices the bytes of one direction of a port. A frame larger than the burst passes when the bucket is full. */
export class RatePolice {
  readonly #time: GuardTime;
  readonly #limit: RateLimit;
  readonly #bucket: TokenBucket;

  constructor(time: GuardTime, limit: RateLimit) {
    this.#time = time;
    this.#limit = limit;
    this.#bucket = new TokenBucket(limit.bytesPerSecond, limit.burstBytes, time.exactMs());
  }

  /** Whether it keeps to this limit already: a reload must not give everybody a fresh burst. */
  keepsTo({ bytesPerSecond, burstBytes }: RateLimit): boolean {
    return this.#limit.bytesPerSecond === bytesPerSecond && this.#limit.burstBytes === burstBytes;
  }

  /** Whether the frame may pass. The clock is asked only when what came until the last tick is used up. */
  admits(bytes: number): boolean {
    return this.#bucket.take(bytes, this.#time.nowMs) || this.#bucket.take(bytes, this.#time.exactMs());
  }
}
