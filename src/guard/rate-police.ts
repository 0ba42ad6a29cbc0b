import { TokenBucket } from "../base/token-bucket.ts";
import type { RateLimit } from "../switch/port-rules.ts";
import type { GuardTime } from "./guard-time.ts";

/** Polices the bytes of one direction of a port. A frame larger than the burst passes when the bucket is full. */
export class RatePolice {
  readonly #time: GuardTime;
  readonly #bucket: TokenBucket;

  constructor(time: GuardTime, { bytesPerSecond, burstBytes }: RateLimit) {
    this.#time = time;
    this.#bucket = new TokenBucket(bytesPerSecond, burstBytes, time.exactMs());
  }

  /** Whether the frame may pass. The clock is asked only when what came until the last tick is used up. */
  admits(bytes: number): boolean {
    return this.#bucket.take(bytes, this.#time.nowMs) || this.#bucket.take(bytes, this.#time.exactMs());
  }
}
