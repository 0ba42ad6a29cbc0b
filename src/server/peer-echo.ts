import { randomFillSync } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { Drop } from "../base/drop-reason.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Port } from "../switch/port.ts";
import { ECHO_MIN_BYTES, echoReplyBytes, writeEchoReply } from "../wire/echo-frame.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { Frame } from "../wire/frame.ts";

/** Answers of a peer: a gigabit per second. More would measure our own processor, and keep it from others. */
const ANSWER_BUDGET = { perSecond: 125_000_000, burst: 4_000_000 } as const;
/** What an answer costs beside its bytes: a hundred thousand small ones a second are enough. */
const ANSWER_COST_BYTES = 1_000;

/**
 * Answers are made here, for all peers: each has left this buffer before the next one is begun. Random, so that nothing on
 * the way can make it shorter.
 */
const REPLY = randomFillSync(new Uint8Array(MAX_FRAME_BYTES));

/**
 * Answers the echo frames of a peer (see echo-frame.ts), to that peer only. They pass its guard in both directions and its
 * egress queue as any frame does, so its rates, and who it may say it is, hold for them too.
 */
export class PeerEcho {
  readonly #clock: Clock;
  readonly #port: Port;
  readonly #budget: TokenBucket;
  readonly #frame = new Frame(REPLY);

  constructor(clock: Clock, port: Port) {
    this.#clock = clock;
    this.#port = port;
    this.#budget = new TokenBucket(ANSWER_BUDGET.perSecond, ANSWER_BUDGET.burst, clock.nowMs());
  }

  /** Takes a frame that `isEchoRequest` knows. */
  answer(request: Frame): void {
    const port = this.#port;
    const { bytes, start, end } = request;
    port.receivedFrames++;
    port.receivedBytes += end - start;
    const refused = port.guard?.inspect(request) ?? Drop.none;
    if (refused !== Drop.none) {
      port.ingressDrops.add(refused);
      return;
    }
    const wanted = echoReplyBytes(bytes, start);
    const replyBytes = Math.max(ECHO_MIN_BYTES, Math.min(wanted, MAX_FRAME_BYTES));
    writeEchoReply(bytes, start, end, REPLY);
    this.#deliver(this.#frame.set(REPLY, 0, replyBytes, false));
  }

  #deliver(reply: Frame): void {
    const port = this.#port;
    const hasBudget = this.#budget.take(reply.length + ANSWER_COST_BYTES, this.#clock.nowMs());
    const drop = hasBudget ? (port.guard?.permit(reply) ?? Drop.none) : Drop.egressFull;
    if (drop !== Drop.none) port.withhold(reply, drop);
    else if (port.give(reply)) port.egress.flush();
  }
}
