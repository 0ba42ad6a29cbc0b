import type { SocketState } from "./socket-control.ts";

/** A queue of ours on the path that nobody minds; the estimate of its rate grows by as much of it per round trip. */
const MARGIN_MS = 10;
/** The least queue on the path that makes us look after it. */
const ENGAGE_MS = 15;
/** Rounds in which the path's rate is the highest that was measured. */
const ROUNDS = 8;
const MIN_ROUND_MS = 30;
/** Rounds of a longer queue than we make: either the rate is overestimated, or it is not our queue. */
const LONG_ROUNDS = 8;
/** To find out which, less is sent for a few rounds. */
const PROBE_SHARE = 0.6;
const PROBE_ROUNDS = 3;
/** Of the delay that we make, so much must go when we send less; else it is others', or the path has become longer. */
const OURS_SHARE = 0.25;
/** Six segments: what keeps acknowledgements coming on any path. */
const MIN_LIMIT_BYTES = 8 * 1_024;

/**
 * How much may be under way on the path: what it holds when its bottleneck is busy and hardly anything queues there.
 *
 *     limit = rate × (shortest round trip + 10 ms)
 *
 * Congestion control does not see to it. Loss-based ones fill the path's queue by design; BBR keeps it short only while
 * we have more to send than it lets through, and what we forward adapts to the path by itself: TCP inside the tunnel
 * fills whatever queue is on the way. Kept out of the path, that queue forms in our own, where flows are told apart.
 *
 * `Infinity` until a queue was seen. Then the rate is the highest of the last rounds in which the limit was reached, so
 * that it grows with the path (a fifth per round trip of 40 ms), and shrinks with it. A round trip that stays long
 * although we send less is the path's own from then on: a route has changed, or others fill the queue. We then take our
 * part of it as congestion control lets us.
 */
export class FlightLimit {
  bytes = Number.POSITIVE_INFINITY;
  /** The rate that it was set for; `Infinity` without one. */
  bytesPerMs = Number.POSITIVE_INFINITY;
  readonly #rates = new Float64Array(ROUNDS);
  #baseMs = 0;
  #kernelMinMs = 0;
  #roundMs = Number.NaN;
  #roundDelivered = 0;
  #wasReached = false;
  #round = 0;
  #longRounds = 0;
  #probeRounds = 0;
  #probedMs = 0;

  /** The limit keeps us from sending in this round. */
  reached(): void {
    this.#wasReached = true;
  }

  /** What the kernel says now; to be called at least once per round trip while there is something to send. */
  update(nowMs: number, state: SocketState): void {
    const { roundTripMs, minRoundTripMs, deliveredBytes } = state;
    this.#follow(roundTripMs, minRoundTripMs);
    const elapsedMs = nowMs - this.#roundMs;
    if (elapsedMs < Math.max(MIN_ROUND_MS, roundTripMs)) return;
    // Not a number: nothing was under way before. A pause is no round.
    if (elapsedMs < 4 * Math.max(MIN_ROUND_MS, roundTripMs)) {
      this.#endRound((deliveredBytes - this.#roundDelivered) / elapsedMs, roundTripMs);
    }
    this.#roundMs = nowMs;
    this.#roundDelivered = deliveredBytes;
    this.#wasReached = false;
  }

  /** The shortest round trip there is. */
  #follow(roundTripMs: number, minRoundTripMs: number): void {
    if (minRoundTripMs !== this.#kernelMinMs) {
      this.#kernelMinMs = minRoundTripMs;
      this.#baseMs = minRoundTripMs;
    }
    this.#baseMs = Math.min(this.#baseMs, roundTripMs);
  }

  #endRound(bytesPerMs: number, roundTripMs: number): void {
    const queueMs = roundTripMs - this.#baseMs;
    if (this.bytes === Number.POSITIVE_INFINITY) {
      if (queueMs > Math.max(ENGAGE_MS, this.#baseMs / 4) && bytesPerMs > 0) this.#engage(bytesPerMs);
      return;
    }
    if (this.#wasReached || bytesPerMs > this.#highest()) this.#rates[this.#round++ % ROUNDS] = bytesPerMs;
    if (this.#probeRounds > 0) this.#probe(roundTripMs, bytesPerMs);
    else this.#watch(roundTripMs, queueMs);
    this.#set();
  }

  #engage(bytesPerMs: number): void {
    this.#rates.fill(bytesPerMs);
    this.#longRounds = 0;
    this.#set();
  }

  #watch(roundTripMs: number, queueMs: number): void {
    this.#longRounds = queueMs > 2 * MARGIN_MS + this.#baseMs / 8 ? this.#longRounds + 1 : 0;
    if (this.#longRounds < LONG_ROUNDS) return;
    this.#longRounds = 0;
    this.#probeRounds = PROBE_ROUNDS;
    this.#probedMs = roundTripMs;
  }

  #probe(roundTripMs: number, bytesPerMs: number): void {
    if (--this.#probeRounds > 0) return;
    const queueMs = this.#probedMs - this.#baseMs;
    if (this.#probedMs - roundTripMs > OURS_SHARE * queueMs) this.#rates.fill(bytesPerMs);
    else this.#baseMs = roundTripMs;
  }

  #set(): void {
    const share = this.#probeRounds > 0 ? PROBE_SHARE : 1;
    this.bytesPerMs = this.#highest();
    this.bytes = Math.max(MIN_LIMIT_BYTES, share * this.bytesPerMs * (this.#baseMs + MARGIN_MS));
  }

  #highest(): number {
    let highest = 0;
    for (const rate of this.#rates) highest = Math.max(highest, rate);
    return highest;
  }
}
