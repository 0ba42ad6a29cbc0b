import type { Clock } from "../base/clock.ts";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Closed } from "../transport/connection.ts";
import { ConnectionSet, type Sender } from "../transport/connection-set.ts";
import type { FrameStore } from "../transport/frame-store.ts";
import { HoldQueue } from "../transport/hold-queue.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { ControlMessage } from "../wire/control-message.ts";
import type { Frame } from "../wire/frame.ts";
import { RESUMED } from "../wire/session-claim.ts";
import { SessionTraffic } from "./session-traffic.ts";

/** What a session needs of a connection. */
export interface SessionConnection extends Sender {
  /** Which of the session's it is, from 0. */
  readonly number: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  sendControl(message: ControlMessage): void;
  /** Idempotent. `Session.closed` follows, within `closeTimeoutMs` and never before this returns. */
  close(code: number, reason: string): void;
}

/** What all sessions of a server hold together: a hundred at their bound. */
export const MAX_ALL_HELD_BYTES = 32 * 1024 * 1024;

/** A frame that is older when the client is back is stale. */
export const MAX_HELD_MS = 10_000;

export interface SessionDeps {
  readonly clock: Clock;
  /** Where frames lie that are held; for all sessions of a server. */
  readonly store: FrameStore;
}

export interface SessionEvents<Connection> {
  /** A connection is lost and the session goes on, if need be without any for a while. */
  onConnectionLost(connection: Connection, closed: Closed): void;
  /** A frame that `send` took is lost after all. */
  onFrameLost(reason: DropReason): void;
  /** Called once, last. */
  onOver(closed: Closed): void;
}

export interface SessionOptions {
  /** How long the session waits for its client when no connection is left; 0 for one that could not come back. */
  readonly holdMs: number;
}

type SessionState = "open" | "held" | "leaving" | "over";

/** What a connection is to its session: one more, in the place of another, or the first after there was none. */
export type Arrival = "added" | "replaced" | "returned";

/** Claims of a session, per second and at once: eight connections and a few changes of network. */
const CLAIMS = { perSecond: 4, burst: 32 } as const;

/** Behind these the client means to go. Code 1005 is a close frame that says nothing. */
const GOODBYES: ReadonlySet<number> = new Set([CloseCode.normal, CloseCode.goingAway, CloseCode.noStatus]);

/**
 * A client's life across connections.
 *
 *     open ──last connection lost──► held ──holdMs──► over
 *      │ ▲                            │ │               ▲
 *      │ └───────────attach───────────┘ └────close──────┤
 *      ├────goodbye, or a fault of the client's─────────┤
 *      └────close──► leaving ──all connections closed───┘
 *
 * A fault of the client's (1002, 1007, 1008, 1009) ends the session, so that budgets that a connection has used up are
 * not to be had again by a claim.
 */
export class Session<Connection extends SessionConnection> {
  /** Of all connections. */
  readonly traffic = new SessionTraffic();
  readonly #deps: SessionDeps;
  readonly #events: SessionEvents<Connection>;
  readonly #options: SessionOptions;
  readonly #connections = new ConnectionSet<Connection>();
  readonly #claims: TokenBucket;
  #state: SessionState = "open";
  #isWelcomed = false;
  #hold: HoldQueue | undefined;
  #cancelHold: (() => void) | undefined;

  constructor(deps: SessionDeps, events: SessionEvents<Connection>, options: SessionOptions) {
    this.#deps = deps;
    this.#events = events;
    this.#options = options;
    this.#claims = new TokenBucket(CLAIMS.perSecond, CLAIMS.burst, deps.clock.nowMs());
  }

  get connections(): readonly Connection[] {
    return this.#connections.open;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Whether it has no connection, and waits for one. */
  get isHeld(): boolean {
    return this.#state === "held";
  }

  /** Whether a connection may be attached. */
  get isStanding(): boolean {
    return this.#state === "open" || this.#state === "held";
  }

  /** Whether a connection of this number would be one more beside others. */
  isBeside(number: number): boolean {
    const { open } = this.#connections;
    return open.length > 0 && open.every((connection) => connection.number !== number);
  }

  /** Frames that wait for a connection. */
  get heldFrames(): number {
    return this.#hold?.frames ?? 0;
  }

  /** The client has been told how to come back. Who has not is not waited for: most likely it took another connection. */
  welcomed(): void {
    this.#isWelcomed = true;
  }

  /** Whether one claim more may be granted now; counts it. */
  takeClaim(): boolean {
    return this.#claims.take(1, this.#deps.clock.nowMs());
  }

  /**
   * Frames go by this connection from now on. What had its number yields at once: after a cut line it may be dead for
   * long before anybody notices. Call `release` when the connection can send. Only while it `isStanding`.
   */
  attach(connection: Connection): Arrival {
    this.traffic.opened(connection);
    const replaced = this.#connections.put(connection.number, connection);
    replaced?.close(CloseCode.normal, RESUMED);
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    const wasHeld = this.#state === "held";
    this.#state = "open";
    if (wasHeld) return "returned";
    return replaced === undefined ? "added" : "replaced";
  }

  /** Sends what was held. */
  release(): void {
    this.#hold?.drainTo((frame) => this.#connections.send(frame), this.#deps.clock.nowMs());
    this.#hold = undefined;
    this.flush();
  }

  send(frame: Frame): DropReason {
    if (this.#connections.size > 0) return this.#connections.send(frame);
    return this.#hold?.take(frame, this.#deps.clock.nowMs()) ?? Drop.portClosed;
  }

  flush(): void {
    this.#connections.flush();
  }

  /** A connection may be dead: after its client has roamed, say, and has brought only the others along as yet. */
  doubt(connection: Connection): void {
    this.#connections.doubt(connection);
  }

  /** It is not. */
  trust(connection: Connection): void {
    this.#connections.trust(connection);
  }

  /** On all connections. */
  sendControl(message: ControlMessage): void {
    for (const connection of this.#connections.open) connection.sendControl(message);
  }

  /** Ends the session: it is over when all connections are closed. Idempotent. */
  close(code: number, reason: string): void {
    if (!this.isStanding) return;
    if (this.#connections.size === 0) {
      this.#end({ code, reason, by: "us" });
      return;
    }
    this.#state = "leaving";
    for (const connection of this.#connections.open) connection.close(code, reason);
  }

  /** A connection is closed; to be called once for each, and never from within a call to the session. */
  closed(connection: Connection, closed: Closed): void {
    this.traffic.closed(connection);
    // One that was replaced is nobody's business any more.
    if (!this.#connections.remove(connection)) return;
    if (this.#state === "leaving") {
      if (this.#connections.size === 0) this.#end(closed);
    } else if (this.#state === "open") this.#lost(connection, closed);
  }

  #lost(connection: Connection, closed: Closed): void {
    if (!this.#isWelcomed || this.#options.holdMs === 0 || !isAccident(closed)) {
      for (const other of this.#connections.open) other.close(CloseCode.normal, "the session is over");
      this.#end(closed);
      return;
    }
    if (this.#connections.size === 0) {
      this.#state = "held";
      const { store } = this.#deps;
      this.#hold = new HoldQueue(
        { store, onLost: (reason) => this.#events.onFrameLost(reason) },
        { maxHeldMs: MAX_HELD_MS },
      );
      this.#cancelHold = this.#deps.clock.after(this.#options.holdMs, () => this.#end(closed));
    }
    this.#events.onConnectionLost(connection, closed);
  }

  #end(closed: Closed): void {
    this.#state = "over";
    this.#cancelHold?.();
    this.#hold?.clear();
    this.#hold = undefined;
    this.#events.onOver(closed);
  }
}

/** Whether nobody meant the connection to end, and the client may come back. */
function isAccident({ code, by }: Closed): boolean {
  return code === CloseCode.abnormal || (by === "peer" && !GOODBYES.has(code));
}
