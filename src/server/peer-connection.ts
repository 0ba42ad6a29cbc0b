import type { DropReason } from "../base/drop-reason.ts";
import type { Closed, Connection } from "../transport/connection.ts";
import type { ConnectionDeps } from "../transport/connection-deps.ts";
import type { ConnectionLimits } from "../transport/connection-limits.ts";
import type { Incoming } from "../transport/incoming.ts";
import { connectionOver } from "../transport/upgraded-socket.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import type { ControlMessage, HelloMessage, UpdateMessage } from "../wire/control-message.ts";
import type { Frame } from "../wire/frame.ts";
import { formatResponse } from "../wire/http.ts";
import type { OffloadSet } from "../wire/offload.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import type { Admitted } from "./admission.ts";

/** What a connection tells the session that it belongs to. */
export interface PeerConnectionEvents {
  onFrame(frame: Frame): void;
  onBatchEnd(): void;
  onDrop(reason: DropReason, frameBytes: number): void;
  onEgressDrop(reason: DropReason, frames: number): void;
  onSent(frames: number, bytes: number): void;
  /** The first hello of this connection. */
  onHello(connection: PeerConnection, message: HelloMessage): void;
  /** What changed since. */
  onUpdate(message: UpdateMessage): void;
  /** Nothing is heard by it though something waits: it may be dead. */
  onSuspect(connection: PeerConnection): void;
  /** It speaks again after `onSuspect`. */
  onHeard(connection: PeerConnection): void;
  /** The client takes its leave. */
  onBye(reason: string): void;
  /** Called once, last. */
  onClosed(connection: PeerConnection, closed: Closed): void;
}

/** One connection of a session: a request that was let in, and what became of it. */
export class PeerConnection {
  /** How it came in. */
  readonly admitted: Admitted;
  /** Which of its session's it is, from 0. */
  readonly number: number;
  /** Wall-clock time when it came, Unix milliseconds. */
  readonly sinceMs = Date.now();
  readonly #incoming: Incoming;
  readonly #connection: WebSocketConnection;
  #hasHello = false;

  constructor(
    deps: ConnectionDeps,
    incoming: Incoming,
    admitted: Admitted,
    events: PeerConnectionEvents,
    limits: ConnectionLimits,
  ) {
    const { socket, rest } = incoming;
    const { dialect, session } = admitted.opening;
    this.admitted = admitted;
    this.number = session?.connection ?? 0;
    this.#incoming = incoming;
    this.#connection = connectionOver(
      deps,
      { socket, dialect, rest },
      {
        onFrame: (frame) => events.onFrame(frame),
        onBatchEnd: () => events.onBatchEnd(),
        onDrop: (reason, frameBytes) => events.onDrop(reason, frameBytes),
        onEgressDrop: (reason, frames) => events.onEgressDrop(reason, frames),
        onSent: (frames, bytes) => events.onSent(frames, bytes),
        onControl: (message) => this.#onControl(message, events),
        onDrained: () => {},
        onSuspect: () => events.onSuspect(this),
        onHeard: () => events.onHeard(this),
        onClosed: (closed) => events.onClosed(this, closed),
      },
      "server",
      limits,
    );
  }

  get dialect(): Dialect {
    return this.#connection.dialect;
  }

  /** The congestion control of our end, if that is the one that the client is connected to: no front is between us. */
  get congestion(): string | undefined {
    const { via, origin, request } = this.#incoming;
    const isDirect = via === "http" && origin.kind === "tcp" && request.header("x-forwarded-for") === undefined;
    return isDirect ? this.#connection.congestionControl : undefined;
  }

  /** The protocol that it came by. */
  get via(): Incoming["via"] {
    return this.#incoming.via;
  }

  /** How the channel is, for people; `congestionControl` may be of a front's socket. */
  get gauges(): Pick<Connection, "roundTripMs" | "silentMs" | "queuedBytes" | "congestionControl" | "ecnMarks"> {
    return this.#connection;
  }

  get receivedBytes(): number {
    return this.#connection.receivedBytes;
  }

  get sentBytes(): number {
    return this.#connection.sentBytes;
  }

  /** What the client takes beyond ordinary frames. */
  set peerOffloads(offloads: OffloadSet) {
    this.#connection.peerOffloads = offloads;
  }

  /** Answers the request with 101 and begins to read. Events may come before this returns. */
  open(): void {
    this.#incoming.socket.write(formatResponse(101, this.admitted.opening.headers));
    this.#connection.start();
  }

  send(frame: Frame): DropReason {
    return this.#connection.send(frame);
  }

  flush(): void {
    this.#connection.flush();
  }

  /** A v1 peer could not take it: nothing is sent. */
  sendControl(message: ControlMessage): void {
    if (this.dialect === "v2") this.#connection.sendControl(message);
  }

  close(code: number, reason: string): void {
    this.#connection.close(code, reason);
  }

  #onControl(message: ControlMessage, events: PeerConnectionEvents): void {
    if (message.kind === "bye") events.onBye(message.reason);
    else if (message.kind === "update") events.onUpdate(message);
    else if (message.kind === "quiet") this.#connection.excuse(message.forMs);
    else if (message.kind === "hello" && !this.#hasHello) {
      this.#hasHello = true;
      events.onHello(this, message);
    }
  }
}
