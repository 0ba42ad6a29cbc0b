import { createServer, type Server, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { type Refusal, shakeHands } from "./handshake.ts";
import type { Incoming } from "./incoming.ts";
import { formatListenAddress, type ListenAddress, type Protocol } from "./listen-address.ts";
import { removeStaleSocket } from "./stale-socket.ts";

export interface ListenerOptions {
  readonly address: ListenAddress;
  /** Certificate and key, for https and for TLS on unix and tcp; without it TLS is refused. */
  readonly secureContext: SecureContext | undefined;
  /** From the accepted connection to the end of the request head, TLS handshake included. */
  readonly handshakeTimeoutMs: number;
  /** Most connections that have not finished their handshake; one more, and the oldest of them is closed. */
  readonly maxPending: number;
}

export const LISTENER_DEFAULTS = { handshakeTimeoutMs: 10_000, maxPending: 1024 } as const;

export interface ListenerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets every whole request; owns its socket from then on, which is paused. */
  readonly onIncoming: (incoming: Incoming) => void;
}

const SPOKEN: Readonly<Record<ListenAddress["kind"], readonly Protocol[]>> = {
  http: ["http"],
  https: ["tls"],
  unix: ["uwsgi", "http", "tls"],
  tcp: ["uwsgi", "http", "tls"],
};

/** A listening socket that turns connections into whole requests, no more than `maxPending` of them at a time. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #pending = new Set<Socket>();
  /** Counted already, so that their end is not. */
  readonly #crowdedOut = new WeakSet<Socket>();
  readonly #refusals = new Map<Refusal | "crowded-out", number>();

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

  /** Resolves once connections are taken; a ConfigError says why they cannot be. */
  async start(): Promise<void> {
    const { address } = this.#options;
    if (address.kind === "unix") await removeStaleSocket(address.path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      if (address.kind === "unix") withUmask(SOCKET_UMASK, () => this.#server.listen(address.path, resolve));
      else this.#server.listen({ port: address.port, ...(address.host === "" ? {} : { host: address.host }) }, resolve);
    });
    // An accept that fails later, for want of descriptors, is an "error" too, and no reason to end.
    this.#server.on("error", ({ message }) => this.#deps.log.warn("listener.error", `${this.address}: ${message}`));
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
    const { address, secureContext, handshakeTimeoutMs: timeoutMs } = this.#options;
    this.#pending.add(socket);
    socket.once("close", () => this.#pending.delete(socket));
    const deps = { clock: this.#deps.clock, secureContext };
    shakeHands(
      deps,
      socket,
      { spoken: SPOKEN[address.kind], timeoutMs },
      {
        done: (incoming) => {
          this.#pending.delete(socket);
          this.#deps.onIncoming(incoming);
        },
        refused: (reason, detail) => {
          if (this.#crowdedOut.has(socket)) return;
          this.#count(reason);
          this.#deps.log.debug("listener.refused", `${this.address}: ${detail}`, { reason });
        },
      },
    );
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
