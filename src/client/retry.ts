import { Backoff, type BackoffOptions } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Closed } from "../transport/connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import { RESUMED } from "../wire/session-claim.ts";
import { askedWaitMs, failureKind } from "./dial-failure.ts";

export interface RetryOptions {
  readonly backoff: BackoffOptions;
  /** A connection that lasted this long was a success. */
  readonly stableAfterMs: number;
}

export interface Wait {
  readonly ms: number;
  /** Whether it is our own choice, which news of the network may end, see `takeNews`; otherwise the server has asked for it. */
  readonly isOurs: boolean;
}

/**
 * A connection that had lasted is dialed again at once, but a server that crashes loses all its clients in the same
 * instant: they come spread over this.
 */
export const AT_ONCE_MS = 250;

/** How long after a loss the waits stay short when somebody answers that nobody is there: a server is restarted in less. */
export const BUSY_SHORT_MS = 30_000;

/** And when nobody answers. A train comes out of its tunnel within this, and a few packets per second disturb nobody. */
export const SILENT_SHORT_MS = 300_000;

/**
 * Connections in a row that broke before they were a success, and made hope begin anew. A line that flaps goes on like that
 * for a while; something on the way that cuts every one does so for ever, and must not be dialed twice a second by all.
 */
export const MOST_HOPES = 10;

/** Waits after a definite no. People must act first, and a server that counts failed guesses must not be fed with them. */
export const DENIED_BACKOFF: BackoffOptions = { leastMs: 2_000, mostMs: 3_000, maxMs: 60_000 };

/** When to dial again. */
export class Retry {
  readonly #clock: Clock;
  readonly #options: RetryOptions;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #denied: Backoff;
  #askedMs: number | undefined;
  #hopes = 0;
  /** Whether an attempt was called off whose claim the server may take yet, in the place of the one that came after it. */
  #hasRival = false;
  /** Whether the last answer was a definite no. */
  #isDenied = false;
  /** When news brought an attempt forward although it was. */
  #newsMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: RetryOptions, random: () => number = Math.random) {
    this.#clock = clock;
    this.#options = options;
    this.#random = random;
    this.#backoff = new Backoff(options.backoff, random);
    this.#denied = new Backoff(DENIED_BACKOFF, random);
  }

  /** The server asks not to be dialed sooner. Bounded, so that it cannot send us away for good. */
  ask(waitMs: number): void {
    this.#askedMs = Math.min(waitMs, this.#options.backoff.maxMs);
  }

  /**
   * Whether news of the network may bring an attempt forward, to now; counts it. After a definite no once a minute at most:
   * behind another network there may be another answer, but a link that comes and goes must not try out wrong credentials.
   */
  takeNews(): boolean {
    if (!this.#isDenied) return true;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#newsMs < DENIED_BACKOFF.maxMs) return false;
    this.#newsMs = nowMs;
    return true;
  }

  /** An attempt was given up for another one, and may have reached the server. */
  calledOff(): void {
    this.#hasRival = true;
  }

  /** A server has let us in: what was no before is so no more. */
  welcomed(): void {
    this.#isDenied = false;
  }

  /** After a connection that lasted `lastedMs`. */
  afterLoss({ code, by, reason }: Closed, lastedMs: number): Wait {
    this.#isDenied = by === "peer" && code === CloseCode.policyViolation;
    const isStable = lastedMs >= this.#options.stableAfterMs;
    if (isStable) this.#hopes = 0;
    if (isStable) this.#reset();
    if (this.#askedMs !== undefined) return this.#asked(this.#askedMs);
    if (this.#lostToRival({ code, by, reason })) return this.#ours(0);
    if (this.#isDenied) return this.#ours(this.#nextDeniedMs());
    // It has worked, and the line broke: hope begins anew, but not at once, or a crash at each welcome would be a storm.
    if (!isStable && code === CloseCode.abnormal && this.#hopes++ < MOST_HOPES) this.#reset();
    if (!isStable) return this.#ours(this.#nextMs(BUSY_SHORT_MS));
    return this.#ours(by === "us" ? 0 : this.#random() * AT_ONCE_MS);
  }

  /** After an attempt that failed; `closed` if the connection stood already. */
  afterFailure(error: unknown, closed?: Closed): Wait {
    const askedMs = askedWaitMs(error) ?? this.#askedMs;
    const kind = failureKind(error);
    this.#isDenied = kind === "denied";
    if (askedMs !== undefined) return this.#asked(askedMs);
    if (closed !== undefined && this.#lostToRival(closed)) return this.#ours(0);
    if (this.#isDenied) return this.#ours(this.#nextDeniedMs());
    return this.#ours(this.#nextMs(kind === "silent" ? SILENT_SHORT_MS : BUSY_SHORT_MS));
  }

  /**
   * Whether the server closed it for a claim of ours that it got late, and that nobody stands behind any more. Once for what
   * was called off: whoever else claims our session must not make us claim it back at once for ever.
   */
  #lostToRival({ code, by, reason }: Closed): boolean {
    const isLost = this.#hasRival && by === "peer" && code === CloseCode.normal && reason === RESUMED;
    if (isLost) this.#hasRival = false;
    return isLost;
  }

  #reset(): void {
    this.#backoff.reset();
    this.#denied.reset();
  }

  #nextMs(shortForMs: number): number {
    return this.#backoff.nextMs(this.#clock.nowMs(), shortForMs);
  }

  #nextDeniedMs(): number {
    return this.#denied.nextMs(this.#clock.nowMs(), 1);
  }

  #ours(ms: number): Wait {
    return { ms, isOurs: true };
  }

  /** Spread out, because the server told everybody the same; and no sooner than if it had not asked. */
  #asked(askedMs: number): Wait {
    this.#askedMs = undefined;
    return { ms: Math.max(askedMs * (1 + this.#random()), this.#nextMs(BUSY_SHORT_MS)), isOurs: false };
  }
}
