import type { Clock } from "../base/clock.ts";
import { firstSuccess } from "../base/first-success.ts";
import type { ClientCredentials } from "../transport/client-credentials.ts";
import { type DialOptions, dial } from "../transport/dialer.ts";
import type { ServerUrl } from "../transport/server-url.ts";
import type { UpgradedSocket } from "../transport/upgraded-socket.ts";
import type { Mac } from "../wire/mac.ts";
import type { ClientOptions } from "./client-options.ts";
import type { ClientSession } from "./client-session.ts";

/** A socket behind its handshake, and whose it is. */
export interface Dialed extends UpgradedSocket {
  readonly server: ServerUrl;
}

/** Which servers to dial, one at least. */
export interface DialPlan {
  /** The first is dialed first. */
  readonly servers: readonly ServerUrl[];
  /** All at the same time. */
  readonly areRaced: boolean;
}

/** How long a server that is silent is waited for before the next one is dialed beside it. */
const PATIENCE_MS = 2_500;

/**
 * After this a silent server is dialed once more, beside the attempt that goes on: a name, a proxy or a handshake that was
 * on its way when the line was cut is not asked for again before 5 s have passed.
 */
const AGAIN_AFTER_MS = 3_000;
const TIMES_EACH = 2;

/** Dials servers for connections of the session, showing what each of them should see. */
export class SessionDialer {
  readonly #clock: Clock;
  readonly #mac: Mac;
  readonly #session: ClientSession;
  readonly #options: ClientOptions;
  #credentials: ClientCredentials | undefined;

  constructor(clock: Clock, mac: Mac, session: ClientSession, options: ClientOptions) {
    this.#clock = clock;
    this.#mac = mac;
    this.#session = session;
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Shows these from the next attempt on. */
  useCredentials(credentials: ClientCredentials): void {
    this.#credentials = credentials;
  }

  /** Dials for connection `number`, until one server has answered 101. Rejects with a PeerError, or an AggregateError of them. */
  dial({ servers, areRaced }: DialPlan, number: number, signal: AbortSignal): Promise<Dialed> {
    const attempts = {
      targets: servers,
      begin: (server: ServerUrl, called: AbortSignal) => this.#dialOne(server, number, called),
      discard: ({ socket }: Dialed) => void socket.destroy(),
    };
    const times = {
      nextAfterMs: areRaced ? 0 : PATIENCE_MS,
      againAfterMs: AGAIN_AFTER_MS,
      mostRunning: TIMES_EACH * servers.length,
      mostRounds: TIMES_EACH,
    };
    return firstSuccess(this.#clock, attempts, times, signal);
  }

  async #dialOne(url: ServerUrl, number: number, signal: AbortSignal): Promise<Dialed> {
    const { tls, way, bridge, dialects, dialTimeoutMs: timeoutMs } = this.#options;
    const session = this.#session.claim(url, number);
    const known = { url, tls, way, credentials: this.#credentials, mac: this.#mac, bridge, session };
    const options: DialOptions = { ...known, dialects, timeoutMs };
    const upgraded = await dial(this.#clock, options, signal);
    // What is aborted while it succeeds is ended by nobody else.
    if (signal.aborted) upgraded.socket.destroy();
    return { ...upgraded, server: url };
  }
}
