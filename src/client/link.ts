import { Backoff } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ClientCredentials } from "../transport/client-credentials.ts";
import type { Closed, ConnectionHandlers } from "../transport/connection.ts";
import type { ConnectionDeps } from "../transport/connection-deps.ts";
import { UpgradeRefusedError } from "../transport/dial-error.ts";
import { dial } from "../transport/dialer.ts";
import type { ServerUrl } from "../transport/server-url.ts";
import { connectionOver, type UpgradedSocket } from "../transport/upgraded-socket.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { Mac } from "../wire/mac.ts";
import type { ClientOptions } from "./client-options.ts";

export interface LinkDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly connectionDeps: ConnectionDeps;
}

/** What the link tells its owner; frames go straight from the connection to `handlers`. */
export interface LinkEvents {
  /** A connection is open; reading begins when this returns. */
  onUp(connection: WebSocketConnection): void;
  /** It is over; another attempt follows. */
  onDown(): void;
  readonly handlers: Omit<ConnectionHandlers, "onClosed">;
}

/**
 * The client's way to the server, kept open:
 *
 *     idle ─start()─► dialing ──101──► open
 *                      ▲  │ failed      │ closed
 *                      │  ▼             ▼
 *                      └─ waiting ◄─────┘          stop() leads from each state to stopped
 */
export class Link {
  readonly #deps: LinkDeps;
  readonly #options: ClientOptions;
  readonly #mac: Mac;
  readonly #events: LinkEvents;
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  #state: "idle" | "dialing" | "open" | "waiting" | "stopped" = "idle";
  #connection: WebSocketConnection | undefined;
  #credentials: ClientCredentials | undefined;
  #openedMs = 0;
  #leastWaitMs = 0;
  #cancelWait: (() => void) | undefined;
  #onStopped: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: LinkDeps, mac: Mac, events: LinkEvents, options: ClientOptions) {
    this.#deps = deps;
    this.#mac = mac;
    this.#events = events;
    this.#options = options;
    this.#credentials = options.credentials;
    this.#backoff = new Backoff(options.backoff);
  }

  start(): void {
    if (this.#state === "idle") void this.#dial();
  }

  /** The server asks not to be dialed sooner; counts for the next attempt. Bounded, so that it cannot send us away for good. */
  waitAtLeast(waitMs: number): void {
    this.#leastWaitMs = Math.min(waitMs, this.#options.backoff.maxMs);
  }

  /** Shows these from the next attempt on. */
  useCredentials(credentials: ClientCredentials): void {
    this.#credentials = credentials;
  }

  /** Says goodbye and stops for good. Resolves when the connection is gone. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const connection = this.#connection;
    this.#state = "stopped";
    this.#abort.abort();
    this.#cancelWait?.();
    if (connection === undefined) return;
    const isGone = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    connection.close(CloseCode.goingAway, "the client is shutting down");
    await isGone;
  }

  async #dial(): Promise<void> {
    this.#state = "dialing";
    const { tls, way, bridge, dialects, dialTimeoutMs: timeoutMs } = this.#options;
    const url = this.#options.servers[0] as ServerUrl;
    const credentials = this.#credentials;
    this.#deps.log.debug("client.dialing", `connecting to ${url.display}`);
    try {
      const options = { url, tls, way, credentials, mac: this.#mac, bridge, dialects, timeoutMs };
      const dialed = await dial(this.#deps.clock, options, this.#abort.signal);
      if (this.#isStopped()) dialed.socket.destroy();
      else this.#open(dialed);
    } catch (error) {
      if (this.#isStopped()) return;
      if (error instanceof UpgradeRefusedError) this.#leastWaitMs = error.retryAfterMs ?? 0;
      const waitMs = this.#scheduleRetry();
      this.#deps.log.warn("client.dial-failed", `${describeError(error)}\n${nextAttempt(waitMs)}`, { waitMs });
    }
  }

  #open(upgraded: UpgradedSocket): void {
    const { socket, dialect } = upgraded;
    const url = this.#options.servers[0] as ServerUrl;
    const handlers = { ...this.#events.handlers, onClosed: (closed: Closed) => this.#onClosed(closed) };
    const connection = connectionOver(this.#deps.connectionDeps, upgraded, handlers, "client", this.#options);
    this.#connection = connection;
    this.#openedMs = this.#deps.clock.nowMs();
    this.#state = "open";
    const fields = { server: url.display, dialect, address: socket.remoteAddress };
    this.#deps.log.info("client.connected", `connected to ${url.display} (${dialect})`, fields);
    this.#events.onUp(connection);
    connection.start();
  }

  #onClosed({ code, reason }: Closed): void {
    this.#connection = undefined;
    this.#events.onDown();
    if (this.#isStopped()) {
      this.#onStopped?.();
      return;
    }
    if (this.#deps.clock.nowMs() - this.#openedMs >= this.#options.stableAfterMs) this.#backoff.reset();
    const waitMs = this.#scheduleRetry();
    const why = reason === "" ? `code ${code}` : reason;
    this.#deps.log.warn("client.disconnected", `disconnected: ${why}\n${nextAttempt(waitMs)}`, { waitMs });
  }

  /** To waiting, and from there to dialing; returns how long that takes. */
  #scheduleRetry(): number {
    this.#state = "waiting";
    // Spread out, because the server told everybody the same.
    const waitMs = Math.max(this.#backoff.nextMs(), this.#leastWaitMs * (1 + Math.random()));
    this.#leastWaitMs = 0;
    this.#cancelWait = this.#deps.clock.after(waitMs, () => void this.#dial());
    return Math.round(waitMs);
  }

  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}

function nextAttempt(waitMs: number): string {
  return `  Next attempt in ${(waitMs / 1000).toFixed(1)} s.`;
}
