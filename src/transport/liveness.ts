import type { Clock } from "../base/clock.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { RoundTrip } from "./round-trip.ts";
import { SentPings } from "./sent-pings.ts";
import type { Ticked, Ticker } from "./ticker.ts";
import { WriteWatch, type Writing } from "./write-watch.ts";

/**
 * When silence is asked about, and when it is the end. Silence is measured in ticks, so that what is here is reached
 * up to half a second later.
 */
export interface LivenessOptions {
  /** Silence of an idle connection until it is pinged: between the two, drawn anew each time. */
  readonly idlePingMs: readonly [least: number, most: number];
  /** Whether the peer answers pings. The original's programs do not: TCP's own timers must find those. */
  readonly isAnswered: boolean;
}

/** Silence behind something that we sent, until a ping asks for an answer. Longer than between two pings of a user. */
const WAITING_PING_MS = 1_000;
/** Silence of a peer that was heard without a pause before. */
const BROKEN_OFF_PING_MS = 500;
/** Ticks in a row in which something was heard, until its end is a surprise. */
const BUSY_TICKS = 4;
/** The round trip is measured at the start, and while the connection is busy and never silent as often as this. */
const MEASURE_MS = 5_000;

/** Bounds of the wait for an answer that makes a connection suspect; between them thrice the round trip and 500 ms. */
const MIN_SUSPECT_MS = 750;
const MAX_SUSPECT_MS = 3_000;

/** A connection is dead within 5 s if something of ours waits, and within 10 s in any case; half a second is the ticks'. */
const WAITING_DEAD_MS = 4_500;
const DEAD_MS = 9_500;

/**
 * Who pings whom: a client before its server does, so that a server with thousands of quiet peers only answers, when
 * it suits each of them. To the original's programs every 15 to 17 s, as they do: below the 20 s of the strictest
 * proxies, and no more than they are used to.
 */
export const LIVENESS_DEFAULTS = {
  client: { idlePingMs: [3_000, 4_000], isAnswered: true },
  server: { idlePingMs: [4_250, 4_750], isAnswered: true },
  v1: { idlePingMs: [15_000, 16_500], isAnswered: false },
} as const satisfies Readonly<Record<string, LivenessOptions>>;

export function livenessFor(dialect: Dialect, role: "client" | "server"): LivenessOptions {
  return LIVENESS_DEFAULTS[dialect === "v1" ? "v1" : role];
}

export interface LivenessHandlers {
  ping(payload: Uint8Array): void;
  /** Once per silence. */
  suspect(silentMs: number): void;
  /** Heard again after `suspect`. */
  heard(): void;
  dead(silentMs: number): void;
  /** Nothing was taken for so long. */
  frozen(stalledMs: number): void;
}

export interface LivenessDeps {
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly stream: Writing;
}

const NO_PAYLOAD = new Uint8Array(0);

/**
 * Tells a silent peer from a dead one. Hearing anything costs two fields; a tick looks at them:
 *
 *     heard ──► silent: pinged when we wait for something, or idle for long ──► suspect ──► dead
 *       ▲          │                                                               │
 *       └──────────┴─────────── any byte ──────────────────────────────────────────┘
 *
 * Any byte is life: a pong behind megabytes of frames may be late as it likes. Deadlines grow with the measured round
 * trip, so that a slow path is not taken for a cut one.
 */
export class Liveness implements Ticked {
  readonly roundTrip = new RoundTrip();
  readonly #deps: LivenessDeps;
  readonly #handlers: LivenessHandlers;
  readonly #options: LivenessOptions;
  readonly #stalledAfterMs: number;
  readonly #pings = new SentPings();
  readonly #writeWatch: WriteWatch;
  #heard = false;
  #isSuspect = false;
  /** Writes of the stream until the last look that found something heard. */
  #writesHeard = 0;
  /** Whether something of ours was sent into this silence, or waits to be. */
  #waits = false;
  #silentMs = 0;
  /** How long of this silence a ping waits for its answer. */
  #askedMs = 0;
  /** Infinite before the first ping. */
  #sincePingMs = Number.POSITIVE_INFINITY;
  #busyTicks = 0;
  #wasBusy = false;
  #idlePingMs: number;
  /** For how long it is left alone yet. */
  #excusedMs = 0;

  constructor(deps: LivenessDeps, handlers: LivenessHandlers, options: LivenessOptions, stalledAfterMs: number) {
    this.#deps = deps;
    this.#handlers = handlers;
    this.#options = options;
    this.#stalledAfterMs = stalledAfterMs;
    this.#writeWatch = new WriteWatch(deps.stream);
    this.#idlePingMs = draw(options.idlePingMs);
  }

  start(): void {
    this.#deps.ticker.add(this);
  }

  close(): void {
    this.#deps.ticker.remove(this);
  }

  get silentMs(): number {
    return this.#heard ? 0 : this.#silentMs;
  }

  /** Bytes arrived. */
  heard(): void {
    this.#heard = true;
    if (!this.#isSuspect) return;
    this.#isSuspect = false;
    this.#handlers.heard();
  }

  pong(payload: Uint8Array): void {
    const roundTripMs = this.#pings.answer(payload, this.#deps.clock.nowMs());
    if (roundTripMs !== undefined) this.roundTrip.sample(roundTripMs);
  }

  /** Asks for an answer at once, but of whom never answers, and where a ping waits behind a write already. */
  probe(): void {
    const isStuck = this.#pings.isWaiting && this.#deps.stream.writing;
    if (this.#options.isAnswered && !isStuck) this.#ping(this.#pings.next(this.#deps.clock.nowMs()));
  }

  /** The peer means to be silent for so long: it is not pinged, and its silence is the end of nothing. */
  excuse(forMs: number): void {
    this.#excusedMs = forMs;
  }

  tick(elapsedMs: number): void {
    this.#sincePingMs += elapsedMs;
    this.#excusedMs = Math.max(0, this.#excusedMs - elapsedMs);
    const isExcused = this.#excusedMs > 0;
    if (!isExcused && this.#isMeasureDue()) this.#ask();
    const stalledMs = this.#writeWatch.look(elapsedMs);
    if (stalledMs >= this.#stalledAfterMs) this.#handlers.frozen(stalledMs);
    else if (isExcused) return;
    else if (this.#heard) this.#endSilence();
    else this.#beSilent(elapsedMs, stalledMs);
  }

  #isMeasureDue(): boolean {
    const isFirst = this.#sincePingMs === Number.POSITIVE_INFINITY;
    return isFirst || (this.#busyTicks >= BUSY_TICKS && this.#sincePingMs >= MEASURE_MS);
  }

  #endSilence(): void {
    this.#heard = false;
    this.#waits = false;
    this.#silentMs = 0;
    this.#askedMs = 0;
    this.#busyTicks++;
    this.#writesHeard = this.#deps.stream.writes;
  }

  #beSilent(elapsedMs: number, stalledMs: number): void {
    if (this.#silentMs === 0) this.#wasBusy = this.#busyTicks >= BUSY_TICKS;
    this.#busyTicks = 0;
    this.#silentMs += elapsedMs;
    const { writes, writing } = this.#deps.stream;
    this.#waits ||= writing || writes !== this.#writesHeard;
    if (this.#pings.isWaiting) this.#askedMs += elapsedMs;
    if (!this.#options.isAnswered) this.#keepOpen();
    else if (this.#isDead()) this.#handlers.dead(this.#silentMs);
    else this.#doubt(stalledMs);
  }

  /** Pings whoever does not answer, so that nobody on the way takes the connection for a forgotten one. */
  #keepOpen(): void {
    if (Math.min(this.#silentMs, this.#sincePingMs) >= this.#idlePingMs) this.#ping(NO_PAYLOAD);
  }

  /** Once per silence. */
  #isPingDue(): boolean {
    if (this.#sincePingMs < this.#silentMs) return false;
    const idlePingMs = this.#waits ? WAITING_PING_MS : this.#idlePingMs;
    return this.#silentMs >= (this.#wasBusy ? BROKEN_OFF_PING_MS : idlePingMs);
  }

  /** Pings; that this is sent does not make anything wait. */
  #ask(): void {
    const before = this.#deps.stream.writes;
    this.probe();
    this.#writesHeard += this.#deps.stream.writes - before;
  }

  #ping(payload: Uint8Array): void {
    this.#sincePingMs = 0;
    this.#idlePingMs = draw(this.#options.idlePingMs);
    this.#handlers.ping(payload);
  }

  #doubt(stalledMs: number): void {
    if (this.#isPingDue()) this.#ask();
    const suspectAfterMs = Math.max(MIN_SUSPECT_MS, Math.min(3 * this.roundTrip.smoothedMs + 500, MAX_SUSPECT_MS));
    const waitedMs = Math.min(this.#silentMs, Math.max(this.#askedMs, stalledMs));
    if (this.#isSuspect || waitedMs < suspectAfterMs) return;
    this.#isSuspect = true;
    this.#handlers.suspect(this.#silentMs);
  }

  #isDead(): boolean {
    if (this.#silentMs >= DEAD_MS) return true;
    const answerMs = Math.max(MAX_SUSPECT_MS, 2 * this.roundTrip.boundMs);
    return this.#waits && this.#silentMs >= WAITING_DEAD_MS && this.#askedMs >= answerMs;
  }
}

function draw([least, most]: LivenessOptions["idlePingMs"]): number {
  return least + Math.random() * (most - least);
}
