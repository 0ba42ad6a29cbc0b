import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { bindSocket } from "./bind-socket.ts";
import {
  CENSUS_DEFAULTS,
  type CensusOptions,
  type CensusRefusal,
  ConnectionCensus,
  type Place,
  sourceOf,
} from "./connection-census.ts";
import type { PeekByte } from "./first-byte.ts";
import { type Refusal, shakeHands } from "./handshake.ts";
import { type Incoming, type MayConnect, type Origin, refuse } from "./incoming.ts";
import { formatListenAddress, type ListenAddress, type Protocol } from "./listen-address.ts";
import { PendingHandshakes } from "./pending-handshakes.ts";
import type { TlsOffer } from "./tls-offer.ts";

export interface ListenerOptions extends CensusOptions {
  readonly address: ListenAddress;
  /** For https and for TLS on unix and tcp; without it TLS is refused. */
  readonly tls: TlsOffer | undefined;
  /** From the accepted connection to the end of the request head, TLS handshake included. */
  readonly handshakeTimeoutMs: number;
  /** Most connections that have not finished their handshake; one more, and one of them is closed. */
  readonly maxPending: number;
  /** Whether many clients come from this IP address, as from a proxy that we trust: then it has no limit of its own. */
  readonly isSharedAddress: (address: string) => boolean;
  /** Of unix sockets. */
  readonly mayConnect: MayConnect;
}

export const LISTENER_DEFAULTS = {
  ...CENSUS_DEFAULTS,
  handshakeTimeoutMs: 10_000,
  maxPending: 1024,
  isSharedAddress: () => false,
  mayConnect: () => true,
} as const;

export interface ListenerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The user who connected to a unix socket; undefined if the kernel does not say. */
  readonly peerUid: (socket: Socket) => number | undefined;
  /** Lets TLS read from the kernel from its first byte on, which is faster. */
  readonly peekByte?: PeekByte;
  /** Sets on the listening socket what those that it accepts inherit. */
  readonly tuneListener?: (server: Server) => void;
  /** Shared by listeners whose connections count together; without it the listener counts its own. */
  readonly census?: ConnectionCensus;
}

/** Gets every whole request; owns its socket from then on, which is paused. */
export type OnIncoming = (incoming: Incoming) => void;

/** Why a connection made no request; `accept-failed`: there was no descriptor for it. */
type ListenerRefusal = Refusal | CensusRefusal | "crowded-out" | "peer-not-allowed" | "accept-failed";

const SPOKEN: Readonly<Record<ListenAddress["kind"], readonly Protocol[]>> = {
  http: ["http"],
  https: ["tls"],
  unix: ["uwsgi", "http", "tls"],
  tcp: ["uwsgi", "http", "tls"],
};

/** A flood that takes all descriptors makes one error per connection; one line a minute says enough. */
const ACCEPT_WARNING_EVERY_MS = 60_000;

/** A connection that was accepted and counted, and has made no request yet. */
interface Knock {
  readonly socket: Socket;
  readonly origin: Origin;
  readonly source: string;
  readonly place: Place;
  /** Counted as refused already, so that its end is not. */
  isCrowdedOut: boolean;
}

/**
 * A listening socket that turns connections into whole requests, within limits that hold before anyone is known.
 *
 *     made ──bind()──► bound: who connects waits, unread ──open()──► serving ──close()──► closed
 */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #census: ConnectionCensus;
  readonly #pending = new PendingHandshakes<Knock>();
  readonly #refusals = new Map<ListenerRefusal, number>();
  #acceptWarnedMs = Number.NEGATIVE_INFINITY;
  /** Undefined until we are open. */
  #onIncoming: OnIncoming | undefined;

  constructor(deps: ListenerDeps, options: ListenerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#census = deps.census ?? new ConnectionCensus(options);
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#onConnection(socket));
  }

  /** Connections that made no request since the start, by reason. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals;
  }

  /** The address in force, as text. */
  get address(): string {
    const bound = this.#server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : undefined;
    return formatListenAddress(this.#options.address, port);
  }

  /**
   * Takes the address, and reads nothing yet: a server binds as root. A ConfigError says why it cannot be had. `take`: how,
   * where that is not as usual.
   */
  async bind(
    take: (server: Server) => Promise<unknown> = (server) => bindSocket(server, this.#options.address),
  ): Promise<void> {
    await take(this.#server);
    this.#deps.tuneListener?.(this.#server);
    this.#server.on("error", ({ message }) => this.#onAcceptError(message));
  }

  /** Reads what is sent from now on, also by those who have connected since the bind. */
  open(onIncoming: OnIncoming): void {
    this.#onIncoming = onIncoming;
    for (const knock of this.#pending) this.#shakeHands(knock, onIncoming);
  }

  /** Takes no more connections and drops those that have not finished their handshake. */
  close(): void {
    this.#server.close();
    for (const { socket } of this.#pending) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    // What follows an error is "close"; without a listener it would end the process.
    socket.on("error", () => socket.destroy());
    const origin = this.#originOf(socket);
    if (origin === undefined) {
      socket.destroy();
      this.#onRefused("gone", "the connection was reset before it was accepted");
      return;
    }
    const isAllowed = origin.kind === "tcp" || this.#options.mayConnect(origin.uid);
    const source = this.#countedAs(origin, isAllowed);
    const place = this.#enter(source);
    if (typeof place === "string") {
      socket.destroy();
      this.#onRefused(place, "there are too many connections");
      return;
    }
    socket.once("close", () => place.leave());
    if (isAllowed) this.#await({ socket, origin, source: source ?? "", place, isCrowdedOut: false });
    else this.#refusePeer(socket, source ?? "");
  }

  /** Reads the request, now or when we are open. */
  #await(knock: Knock): void {
    if (this.#pending.size >= this.#options.maxPending) this.#crowdOut();
    this.#pending.add(knock.source, knock);
    knock.socket.once("close", () => this.#pending.delete(knock.source, knock));
    if (this.#onIncoming !== undefined) this.#shakeHands(knock, this.#onIncoming);
  }

  /** Where everything is full, who is slow makes way as well. */
  #enter(source: string | undefined): Place | CensusRefusal {
    const place = this.#census.enter(source);
    return place === "too-many" && this.#crowdOut() ? this.#census.enter(source) : place;
  }

  /**
   * Whose limit a connection counts towards; undefined if nobody's: behind a proxy or a web server's socket are many.
   * A local user who may not speak to us is one source, so that the refused do not fill the place.
   */
  #countedAs(origin: Origin, isAllowed: boolean): string | undefined {
    if (origin.kind === "unix") return isAllowed ? undefined : `uid ${origin.uid ?? "unknown"}`;
    return this.#options.isSharedAddress(origin.address) ? undefined : sourceOf(origin.address);
  }

  #shakeHands(knock: Knock, onIncoming: OnIncoming): void {
    const { socket, origin, source, place } = knock;
    const { address, tls, handshakeTimeoutMs: timeoutMs } = this.#options;
    shakeHands(
      { clock: this.#deps.clock, tls, peekByte: this.#deps.peekByte },
      socket,
      { spoken: SPOKEN[address.kind], origin, timeoutMs },
      {
        done: (incoming) => {
          this.#pending.delete(source, knock);
          place.settle();
          onIncoming({ ...incoming, isCrowded: place.isCrowded });
        },
        refused: (reason, detail) => {
          if (!knock.isCrowdedOut) this.#onRefused(reason, detail);
        },
      },
    );
  }

  /**
   * Undefined for who has gone already: the kernel knows no address any more, though what was sent can still be read. Nobody
   * may be heard without being counted.
   */
  #originOf(socket: Socket): Origin | undefined {
    if (this.#options.address.kind === "unix") return { kind: "unix", uid: this.#deps.peerUid(socket) };
    const { remoteAddress: address } = socket;
    return address === undefined ? undefined : { kind: "tcp", address };
  }

  /** Says so in HTTP, which is what a web server that speaks uwsgi wants to hear, too. */
  #refusePeer(socket: Socket, who: string): void {
    refuse(socket, 403, "You may not use this socket.");
    this.#onRefused("peer-not-allowed", `${who} may not connect`);
  }

  /** Sockets that say nothing must not lock everybody else out. False if there is none. */
  #crowdOut(): boolean {
    const knock = this.#pending.nextToGo();
    if (knock === undefined) return false;
    knock.isCrowdedOut = true;
    this.#pending.delete(knock.source, knock);
    knock.place.leave();
    this.#onRefused("crowded-out", "a slow handshake made way for a new one");
    knock.socket.destroy();
    return true;
  }

  /** A failed accept, for want of descriptors, is no reason to end: libuv goes on accepting. */
  #onAcceptError(message: string): void {
    this.#onRefused("accept-failed", message);
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#acceptWarnedMs < ACCEPT_WARNING_EVERY_MS) return;
    this.#acceptWarnedMs = nowMs;
    this.#deps.log.warn("listener.error", `${this.address}: ${message}`);
  }

  #onRefused(reason: ListenerRefusal, detail: string): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    this.#deps.log.debug("listener.refused", `${this.address}: ${detail}`, { reason });
  }
}

/** Binds every address, or none. A ConfigError says which one cannot be listened on. */
export async function bindListeners(
  deps: ListenerDeps,
  addresses: readonly ListenAddress[],
  options: Omit<ListenerOptions, "address">,
): Promise<readonly Listener[]> {
  const census = deps.census ?? new ConnectionCensus(options);
  const listeners = addresses.map((address) => new Listener({ ...deps, census }, { ...options, address }));
  try {
    for (const listener of listeners) await listener.bind();
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  return listeners;
}
