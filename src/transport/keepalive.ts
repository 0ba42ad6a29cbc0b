import type { Clock } from "../base/clock.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";

/**
 * Notices silence. Hearing anything costs one flag; a timer looks at it every `periodMs`:
 *
 *     heard something ──► silent for pingAfterMs: ping, again after each pingAfterMs ──► silent for deadAfterMs: dead
 *
 * `pingAfterMs` is below the 60 s after which common proxies cut an idle connection. `deadAfterMs` is undefined for
 * the original's programs, which never answer a ping: TCP's own timers must find those.
 */
export interface KeepaliveOptions {
  readonly periodMs: number;
  readonly pingAfterMs: number;
  readonly deadAfterMs: number | undefined;
}

/** The original pings after 17 s of silence; 15 s leaves room below proxies that cut at 20 s. */
export const KEEPALIVE_DEFAULTS = { periodMs: 5_000, pingAfterMs: 15_000, deadAfterMs: 45_000 } as const;

/** The original's programs never answer a ping, so their silence means nothing. */
export function keepaliveFor(dialect: Dialect): KeepaliveOptions {
  return dialect === "v2" ? KEEPALIVE_DEFAULTS : { ...KEEPALIVE_DEFAULTS, deadAfterMs: undefined };
}

export interface KeepaliveHandlers {
  ping(): void;
  dead(silentMs: number): void;
  /** Every `periodMs`, for whatever else wants to be looked at. */
  tick(): void;
}

export class Keepalive {
  readonly #handlers: KeepaliveHandlers;
  readonly #options: KeepaliveOptions;
  readonly #clock: Clock;
  #stop: (() => void) | undefined;
  #heard = false;
  #silentMs = 0;

  constructor(clock: Clock, handlers: KeepaliveHandlers, options: KeepaliveOptions) {
    this.#clock = clock;
    this.#handlers = handlers;
    this.#options = options;
  }

  start(): void {
    this.#stop = this.#clock.every(this.#options.periodMs, () => this.#look());
  }

  get silentMs(): number {
    return this.#heard ? 0 : this.#silentMs;
  }

  /** Bytes arrived. */
  heard(): void {
    this.#heard = true;
  }

  close(): void {
    this.#stop?.();
  }

  #look(): void {
    this.#handlers.tick();
    const { periodMs, pingAfterMs, deadAfterMs } = this.#options;
    this.#silentMs = this.#heard ? 0 : this.#silentMs + periodMs;
    this.#heard = false;
    if (deadAfterMs !== undefined && this.#silentMs >= deadAfterMs) this.#handlers.dead(this.#silentMs);
    else if (this.#silentMs > 0 && this.#silentMs % pingAfterMs < periodMs) this.#handlers.ping();
  }
}
