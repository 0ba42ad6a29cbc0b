import type { Clock } from "../base/clock.ts";
import { CODEL_DEFAULTS } from "./codel.ts";
import { FlightLimit } from "./flight-limit.ts";
import type { SocketControl, SocketState } from "./socket-control.ts";

const BYTES_PER_MS_OF_MBIT = 125;

/** A round trip this short is the same building: speed counts there, and a queue of 512 KiB is gone in milliseconds. */
const FAST_ROUND_TRIP_MS = 2;
/** From here on a path is fast, and below the second one slow again. */
const FAST_BYTES_PER_MS = 400 * BYTES_PER_MS_OF_MBIT;
const SLOW_BYTES_PER_MS = 200 * BYTES_PER_MS_OF_MBIT;

/** A rate is measured over at least this long, so that what the socket's buffer swallows at a time does not count. */
const WINDOW_MS = 20;
/** Weight of the newest window. */
const GAIN = 1 / 4;

/**
 * How much of a fast path's frames may be in order already: in time at its rate, but no less than two buffers, and before
 * the rate is known eight. From 4 Gbit/s on that is all that may wait, and nothing is gained by sorting it.
 */
const FAST_COMMITTED_MS = 8;
const FAST_COMMITTED_BYTES = 2 * 1_024 * 1_024;
const MIN_FAST_COMMITTED_BYTES = 512 * 1_024;
/** Of a path of which nothing is known yet. */
const CAREFUL_BYTES_PER_MS = 20 * BYTES_PER_MS_OF_MBIT;

/** On a slow path: what may be in order in our buffers, and what may wait in the socket, in time at TCP's own pace. */
const COMMITTED_MS = 3;
const UNSENT_MS = 3;
/** Never less than two frames: the socket must not run dry between two looks at it. */
const MIN_COMMITTED_BYTES = 3 * 1_024;
const MIN_UNSENT_BYTES = 4 * 1_024;
/** Super-frames are cut to what takes no longer than this, and never below four segments of the usual size: less pays off. */
const PIECE_MS = 1.5;
const MIN_PIECE_BYTES = 3_000;
/** Node's timers have a millisecond; a socket that stands still is looked at again after at most this. */
const MAX_HOLD_MS = 20;
/** As the clock's timers are. */
const MIN_HOLD_MS = 1;
/** Well before the 10 s of BBR's pauses are over. */
const PUT_OFF_EVERY_MS = 5_000;
/** On a fast path frames are batched, which takes longer than CoDel's target at times. */
const FAST_TARGET_MS = 20;

/**
 * How much may be on its way out in an order that cannot be changed any more. What is in our own buffers and in the
 * socket delays whatever comes later, however urgent. But a socket that runs dry tells TCP that we have no more to send,
 * and BBR then never finds out how fast the path is: so it is a few milliseconds of the rate that TCP itself would send
 * at. How fast frames really leave is measured, between moments when the socket was full:
 *
 *     drained ── bytes ── drained ── bytes ── drained        rate = bytes between / time between
 *
 * A fast path has no use for that: everything is batched there as far as buffers go.
 */
export class SendPace {
  /** Bytes that may be packed and not yet taken by the socket. */
  committedBytes = FAST_COMMITTED_BYTES;
  maxPieceBytes = Number.POSITIVE_INFINITY;
  targetMs: number = FAST_TARGET_MS;
  intervalMs: number = CODEL_DEFAULTS.intervalMs;
  readonly #clock: Clock;
  readonly #control: SocketControl | undefined;
  readonly #state: SocketState = {
    roundTripMs: 0,
    unsentBytes: 0,
    pacedBytesPerMs: 0,
    minRoundTripMs: 0,
    flightBytes: 0,
    deliveredBytes: 0,
  };
  readonly #flight = new FlightLimit();
  #isFast = true;
  #bytesPerMs = 0;
  /** The rate that the bounds were set for. */
  #setBytesPerMs = 0;
  #unsentLimitBytes = Number.POSITIVE_INFINITY;
  #windowMs = Number.NaN;
  #windowBytes = 0;
  #putOffMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, control: SocketControl | undefined) {
    this.#clock = clock;
    this.#control = control;
    if (control?.read(this.#state) !== true || this.#state.roundTripMs < FAST_ROUND_TRIP_MS) return;
    this.#isFast = false;
    this.#setFor(CAREFUL_BYTES_PER_MS);
  }

  /** Whether the path is as fast as a local one: nothing is gained by care. */
  get isFast(): boolean {
    return this.#isFast;
  }

  /** The socket takes bytes again after it was full; it has taken `takenBytes` since it was made. */
  drained(takenBytes: number): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#windowMs;
    if (elapsedMs < WINDOW_MS) return;
    // Not a number: the first moment of a window.
    if (elapsedMs >= WINDOW_MS) this.#sample((takenBytes - this.#windowBytes) / elapsedMs);
    this.#windowMs = nowMs;
    this.#windowBytes = takenBytes;
  }

  /** Nothing waits any more: how fast the next bytes are taken says nothing about the time in between. */
  idle(): void {
    this.#windowMs = Number.NaN;
  }

  /**
   * After the socket took a write. If it has more unsent than it should, `resume` is called when that is not so any more,
   * and the answer is true.
   */
  hold(resume: () => void): boolean {
    if (this.#isFast || this.#control?.read(this.#state) !== true) return false;
    const { unsentBytes, flightBytes, minRoundTripMs } = this.#state;
    if (minRoundTripMs > 0) this.#flight.update(this.#clock.nowMs(), this.#state);
    const bytesPerMs = this.#followPace();
    const flightExcessBytes = flightBytes + unsentBytes - this.#flight.bytes;
    if (flightExcessBytes > 0) this.#reachLimit();
    const excessBytes = Math.max(unsentBytes - this.#unsentLimitBytes, flightExcessBytes);
    if (excessBytes <= 0) return false;
    this.#clock.after(Math.max(MIN_HOLD_MS, Math.min(excessBytes / bytesPerMs, MAX_HOLD_MS)), resume);
    return true;
  }

  #reachLimit(): void {
    this.#flight.reached();
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#putOffMs < PUT_OFF_EVERY_MS) return;
    this.#putOffMs = nowMs;
    this.#control?.putOffPause();
  }

  /** Sets the bounds by TCP's pace, or by what was measured where there is none. */
  #followPace(): number {
    const { pacedBytesPerMs } = this.#state;
    const pace = pacedBytesPerMs > 0 ? pacedBytesPerMs : this.#setBytesPerMs;
    const bytesPerMs = Math.min(pace, this.#flight.bytesPerMs, FAST_BYTES_PER_MS);
    this.committedBytes = Math.max(MIN_COMMITTED_BYTES, Math.round(COMMITTED_MS * bytesPerMs));
    const unsentBytes = Math.max(MIN_UNSENT_BYTES, Math.round(UNSENT_MS * bytesPerMs));
    const ratio = unsentBytes / this.#unsentLimitBytes;
    if (ratio > 1.5 || ratio < 0.67) this.#limitUnsent(unsentBytes);
    return bytesPerMs;
  }

  #sample(bytesPerMs: number): void {
    this.#bytesPerMs += this.#bytesPerMs === 0 ? bytesPerMs : GAIN * (bytesPerMs - this.#bytesPerMs);
    if (this.#isFast) {
      if (this.#bytesPerMs < SLOW_BYTES_PER_MS) this.#slow();
      else this.committedBytes = Math.max(MIN_FAST_COMMITTED_BYTES, Math.round(FAST_COMMITTED_MS * this.#bytesPerMs));
    } else if (this.#bytesPerMs >= FAST_BYTES_PER_MS) this.#fast();
    else this.#follow();
  }

  #follow(): void {
    const ratio = this.#bytesPerMs / this.#setBytesPerMs;
    if (ratio > 1.5 || ratio < 0.75) this.#setFor(this.#bytesPerMs);
  }

  #slow(): void {
    this.#isFast = false;
    this.#setFor(this.#bytesPerMs);
  }

  #fast(): void {
    this.#isFast = true;
    this.committedBytes = FAST_COMMITTED_BYTES;
    this.maxPieceBytes = Number.POSITIVE_INFINITY;
    this.targetMs = FAST_TARGET_MS;
    this.intervalMs = CODEL_DEFAULTS.intervalMs;
    this.#limitUnsent(Number.POSITIVE_INFINITY);
  }

  /** What depends on how fast frames really leave. */
  #setFor(bytesPerMs: number): void {
    this.#setBytesPerMs = bytesPerMs;
    this.maxPieceBytes = Math.max(MIN_PIECE_BYTES, Math.round(PIECE_MS * bytesPerMs));
    this.targetMs = Math.max(CODEL_DEFAULTS.targetMs, (1.5 * this.maxPieceBytes) / bytesPerMs);
    this.intervalMs = Math.max(CODEL_DEFAULTS.intervalMs, 4 * this.targetMs);
    this.#followPace();
  }

  #limitUnsent(bytes: number): void {
    this.#unsentLimitBytes = bytes;
    this.#control?.limitUnsent(bytes);
  }
}
