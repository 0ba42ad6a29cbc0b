import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "../base/token-bucket.ts";

/**
 * What a peer may have us do that carries no frame: pings, pongs, control messages, tiny fragments. Ours sends a ping
 * in 15 s and a handful of messages in its life; the burst is for a whole read of what was held up on the way.
 */
const MESSAGES_PER_SECOND = 100;
const MESSAGES_AT_ONCE = 500;

/** Bounds how much work a peer makes beyond its frames. Binary messages never come here. */
export class ControlBudget {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #tinyFragments = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE, clock.nowMs());
  }

  /** Takes one message; false if that is too much. */
  takeMessage(): boolean {
    return this.#bucket.take(1, this.#clock.nowMs());
  }

  /** Takes the tiny fragments since the last call, given how many there were in all; false if those are too many. */
  takeTinyFragments(inAll: number): boolean {
    const fresh = inAll - this.#tinyFragments;
    if (fresh === 0) return true;
    this.#tinyFragments = inAll;
    return fresh <= MESSAGES_AT_ONCE && this.#bucket.take(fresh, this.#clock.nowMs());
  }
}
