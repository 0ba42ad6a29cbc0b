import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { type Refusal, shakeHands } from "./handshake.ts";
import type { Incoming, Origin } from "./incoming.ts";
import { formatListenAddress, type ListenAddress, type Protocol } from "./listen-address.ts";
import { removeStaleSocket } from "./stale-socket.ts";
import type { TlsOffer } from "./tls-offer.ts";

export interface ListenerOptions {
  readonly address: ListenAddress;
  /** For https and for TLS on unix and tcp; without it TLS is refused. */
  readonly tls: TlsOffer | undefined;
  /** From the accepted connection to the end of the request head, TLS handshake included. */
  readonly handshakeTimeoutMs: number;
  /** Most connections that have not finished their handshake; one more, and the oldest of them is closed. */
  readonly maxPending: number;
}

export const LISTENER_DEFAULTS = { handshakeTimeoutMs: 10_000, maxPending: 1024 } as const;

export interface ListenerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The user who connected to a unix socket; undefined if the kernel does not say. */
  readonly peerUid: (socket: Socket) => number | undefined;
}

/** Gets every whole request; owns its socket from then on, which is paused. */
export type OnIncoming = (incoming: Incoming) => void;

const SPOKEN: Readonly<Record<ListenAddress["kind"], readonly Protocol[]>> = {
  http: ["http"],
  https: ["tls"],
  unix: ["uwsgi", "http", "tls"],
  tcp: ["uwsgi", "http", "tls"],
};

/**
 * A listening socket that turns connections into whole requests, no more than `maxPending` of them at a time.
 *
 *     made ──bind()──► bound: who connects waits, unread ──open()──► serving ──close()──► closed
 */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #pending = new Set<Socket>();
  /** Counted already, so that their end is not. */
  readonly #crowdedOut = new WeakSet<Socket>();
  readonly #refusals = new Map<Refusal | "crowded-out", number>();
  /** Undefined until we are open. */
  #onIncoming: OnIncoming | undefined;

  constructor(deps: ListenerDeps, options: ListenerOptions) {
    this.#deps = deps;
    this.#options = options;
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

  /** Takes the address, and reads nothing yet: a server binds as root. A ConfigError says why it cannot be had. */
  async bind(): Promise<void> {
    const { address } = this.#options;
    await makeRoom(address);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      if (address.kind === "unix") withUmask(SOCKET_UMASK, () => this.#server.listen(address.path, resolve));
      else this.#server.listen({ port: address.port, ...(address.host === "" ? {} : { host: address.host }) }, resolve);
    });
    // An accept that fails later, for want of descriptors, is an "error" too, and no reason to end.
    this.#server.on("error", ({ message }) => this.#deps.log.warn("listener.error", `${this.address}: ${message}`));
  }

  /** Reads what is sent from now on, also by those who have connected since the bind. */
  open(onIncoming: OnIncoming): void {
    this.#onIncoming = onIncoming;
    for (const socket of this.#pending) this.#shakeHands(socket, onIncoming);
  }

  /** Takes no more connections and drops those that have not finished their handshake. */
  close(): void {
    this.#server.close();
    for (const socket of this.#pending) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    // What follows an error is "close"; without a listener it would end the process.
    socket.on("error", () => socket.destroy());
    if (this.#pending.size >= this.#options.maxPending) this.#crowdOut();
    this.#pending.add(socket);
    socket.once("close", () => this.#pending.delete(socket));
    if (this.#onIncoming !== undefined) this.#shakeHands(socket, this.#onIncoming);
  }

  #shakeHands(socket: Socket, onIncoming: OnIncoming): void {
    const { address, tls, handshakeTimeoutMs: timeoutMs } = this.#options;
    const deps = { clock: this.#deps.clock, tls };
    shakeHands(
      deps,
      socket,
      { spoken: SPOKEN[address.kind], origin: this.#originOf(socket), timeoutMs },
      {
        done: (incoming) => {
          this.#pending.delete(socket);
          onIncoming(incoming);
        },
        refused: (reason, detail) => {
          if (this.#crowdedOut.has(socket)) return;
          this.#count(reason);
          this.#deps.log.debug("listener.refused", `${this.address}: ${detail}`, { reason });
        },
      },
    );
  }

  #originOf(socket: Socket): Origin {
    if (this.#options.address.kind === "unix") return { kind: "unix", uid: this.#deps.peerUid(socket) };
    return { kind: "tcp", address: socket.remoteAddress ?? "" };
  }

  /** Who is slow makes way for who is new: sockets that say nothing must not lock everybody else out. */
  #crowdOut(): void {
    const [oldest] = this.#pending;
    if (oldest === undefined) return;
    this.#pending.delete(oldest);
    this.#crowdedOut.add(oldest);
    this.#count("crowded-out");
    this.#deps.log.debug("listener.refused", `${this.address}: the oldest handshake made way for a new one`, {
      reason: "crowded-out",
    });
    oldest.destroy();
  }

  #count(reason: Refusal | "crowded-out"): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }
}

/** Binds every address, or none. A ConfigError says which one cannot be listened on. */
export async function bindListeners(
  deps: ListenerDeps,
  addresses: readonly ListenAddress[],
  options: Omit<ListenerOptions, "address">,
): Promise<readonly Listener[]> {
  const listeners = addresses.map((address) => new Listener(deps, { ...options, address }));
  try {
    for (const listener of listeners) await listener.bind();
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  return listeners;
}

async function makeRoom(address: ListenAddress): Promise<void> {
  if (address.kind !== "unix") return;
  try {
    await removeStaleSocket(address.path);
  } catch (error) {
    throw error instanceof ConfigError || !(error instanceof Error) ? error : listenError(address, error);
  }
}

/** Mode 0666, as in the original: the web server, another user, must be able to connect. */
const SOCKET_UMASK = 0o111;

/** For a call that makes a file before it returns; a chmod afterwards could meet a file that was put in its place. */
function withUmask(umask: number, call: () => void): void {
  const before = process.umask(umask);
  try {
    call();
  } finally {
    process.umask(before);
  }
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens there: stop it, or choose another port.",
  EACCES: "Ports below 1024 need more rights: run as root, or choose another port.",
  EADDRNOTAVAIL: "No interface of this machine has that address.",
  ENOTFOUND: "The name has no address: give an IP address.",
};
/** libuv says EACCES of a folder that is missing as well. */
const UNIX_ACCESS_HINT = "The folder of the socket must exist, and we must be allowed to write in it.";

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): ConfigError {
  const isUnixAccess = address.kind === "unix" && error.code === "EACCES";
  const hint = isUnixAccess ? UNIX_ACCESS_HINT : LISTEN_HINTS[error.code ?? ""];
  const message = `cannot listen on ${formatListenAddress(address)}: ${error.message}`;
  return new ConfigError("LISTEN_FAILED", message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}
