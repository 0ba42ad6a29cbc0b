import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { DropReason } from "../base/drop-reason.ts";
import type { Closed, ConnectionHandlers } from "../transport/connection.ts";
import type { ConnectionDeps } from "../transport/connection-deps.ts";
import { connectionOver } from "../transport/upgraded-socket.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { ControlMessage, HelloMessage, WelcomeMessage } from "../wire/control-message.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { Offload } from "../wire/offload.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import type { ClientOptions } from "./client-options.ts";
import type { Dialed } from "./session-dialer.ts";

/** The largest message of a super-frame. */
const SUPER_FRAME_MESSAGE_BYTES = VNET_HEADER_BYTES + MAX_FRAME_BYTES;

export interface SessionConnectionDeps {
  readonly clock: Clock;
  readonly shared: ConnectionDeps;
  /** First words to a v2 server. */
  readonly hello: () => HelloMessage;
  /** Where frames from the server go. */
  readonly frames: Pick<ConnectionHandlers, "onFrame" | "onBatchEnd" | "onDrop" | "onEgressDrop">;
}

export interface SessionConnectionEvents {
  /** It may carry frames: the server has welcomed us, or speaks v1, which knows no welcome. */
  onUp(connection: SessionConnection, welcome: WelcomeMessage | undefined): void;
  /** Something else than the first welcome. */
  onControl(connection: SessionConnection, message: ControlMessage): void;
  onDrained(connection: SessionConnection): void;
  onSuspect(connection: SessionConnection, silentMs: number): void;
  onHeard(connection: SessionConnection): void;
  /** Called once, last. */
  onClosed(connection: SessionConnection, closed: Closed): void;
}

/**
 * One connection of the session, from its 101 on:
 *
 *     greeting ──welcome──► up ──► over           v1: up at once
 *         └── closed, or no welcome in time ──► over
 */
export class SessionConnection {
  readonly number: number;
  readonly server: Dialed["server"];
  readonly #deps: SessionConnectionDeps;
  readonly #events: SessionConnectionEvents;
  readonly #socket: Socket;
  readonly #connection: WebSocketConnection;
  readonly #greetingTimeoutMs: number;
  #state: "greeting" | "up" | "over" = "greeting";
  #helloMs = 0;
  #upMs: number | undefined;
  #greetingMs: number | undefined;
  #isSuspect = false;
  #cancelTimeout: (() => void) | undefined;
  /** Why we have ended it without a goodbye. */
  #fault: string | undefined;

  constructor(
    deps: SessionConnectionDeps,
    dialed: Dialed,
    number: number,
    events: SessionConnectionEvents,
    options: ClientOptions,
  ) {
    this.#deps = deps;
    this.#events = events;
    this.number = number;
    this.server = dialed.server;
    this.#socket = dialed.socket;
    this.#greetingTimeoutMs = options.dialTimeoutMs;
    const handlers: ConnectionHandlers = {
      ...deps.frames,
      onControl: (message) => this.#onControl(message),
      onDrained: () => events.onDrained(this),
      onSuspect: (silentMs) => this.#onSuspect(silentMs),
      onHeard: () => this.#onHeard(),
      onClosed: (closed) => this.#onClosed(closed),
    };
    this.#connection = connectionOver(deps.shared, dialed, handlers, "client", options);
  }

  get dialect(): WebSocketConnection["dialect"] {
    return this.#connection.dialect;
  }

  /** Of the server, or of the proxy before it. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Ours; undefined when the socket is gone. */
  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  /** Whether it was silent for too long, and still is. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** For how long it may carry frames; 0 if it never could. */
  get upForMs(): number {
    return this.#upMs === undefined ? 0 : this.#deps.clock.nowMs() - this.#upMs;
  }

  /** The shortest that was measured, from the hello to the welcome at first; undefined for v1. */
  get roundTripMs(): number | undefined {
    const { roundTripMs } = this.#connection;
    if (this.#greetingMs === undefined || roundTripMs === undefined) return this.#greetingMs ?? roundTripMs;
    return Math.min(this.#greetingMs, roundTripMs);
  }

  /** As it was measured last, from the hello to the welcome if it was not since; undefined if it never was. */
  get lastRoundTripMs(): number | undefined {
    return this.#connection.roundTripMs ?? this.#greetingMs;
  }

  get receivedBytes(): number {
    return this.#connection.receivedBytes;
  }

  get sentBytes(): number {
    return this.#connection.sentBytes;
  }

  /** Nothing was heard for so long. */
  get silentMs(): number {
    return this.#connection.silentMs;
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  /** The congestion control of our end. */
  get congestion(): string | undefined {
    return this.#connection.congestionControl;
  }

  get congested(): boolean {
    return this.#connection.congested;
  }

  /** Says hello and begins to read; events may come before this returns. */
  start(): void {
    if (this.dialect === "v1") this.#up(undefined);
    else {
      this.#helloMs = this.#deps.clock.nowMs();
      this.#connection.sendControl(this.#deps.hello());
      const late = `no welcome came in ${this.#greetingTimeoutMs / 1000} s`;
      this.#cancelTimeout = this.#deps.clock.after(this.#greetingTimeoutMs, () => this.destroy(late));
    }
    this.#connection.start();
  }

  send(frame: Frame): DropReason {
    return this.#connection.send(frame);
  }

  flush(): void {
    this.#connection.flush();
  }

  /** See `WebSocketConnection.sendBatch`. */
  sendBatch(bytes: Uint8Array, spans: Uint32Array, count: number): boolean {
    return this.#connection.sendBatch(bytes, spans, count);
  }

  /** A v1 server could not take it: nothing is sent. */
  sendControl(message: ControlMessage): void {
    if (this.dialect === "v2") this.#connection.sendControl(message);
  }

  /** Asks for a sign of life. */
  probe(): void {
    this.#connection.probe();
  }

  /** Says goodbye. Idempotent. */
  close(code: number, reason: string): void {
    this.#connection.close(code, reason);
  }

  /** Ends it at once, for what a goodbye cannot reach. `onClosed` follows. Idempotent. */
  destroy(reason: string): void {
    this.#fault ??= reason;
    this.#socket.destroy();
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "welcome" && this.#state === "greeting") this.#up(message);
    else this.#events.onControl(this, message);
  }

  #up(welcome: WelcomeMessage | undefined): void {
    this.#cancelTimeout?.();
    const nowMs = this.#deps.clock.nowMs();
    this.#state = "up";
    this.#upMs = nowMs;
    if (welcome !== undefined) {
      this.#greetingMs = nowMs - this.#helloMs;
      const takesSuperFrames = welcome.maxMessageBytes >= SUPER_FRAME_MESSAGE_BYTES;
      this.#connection.peerOffloads = takesSuperFrames ? welcome.offloads : Offload.none;
    }
    this.#events.onUp(this, welcome);
  }

  #onSuspect(silentMs: number): void {
    this.#isSuspect = true;
    this.#events.onSuspect(this, silentMs);
  }

  #onHeard(): void {
    if (!this.#isSuspect) return;
    this.#isSuspect = false;
    this.#events.onHeard(this);
  }

  #onClosed(closed: Closed): void {
    this.#cancelTimeout?.();
    this.#state = "over";
    const { code, by } = { code: CloseCode.abnormal, by: "us" as const };
    this.#events.onClosed(this, this.#fault === undefined ? closed : { code, by, reason: this.#fault });
  }
}
