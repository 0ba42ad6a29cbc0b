/** The real API over a server that is not there, for whoever wants to try a view of it. */

import type { MiddlewareHandler } from "hono";
import type { Authenticator } from "../src/access/authenticator.ts";
import { AuthenticatorChain } from "../src/access/authenticator-chain.ts";
import { GuessLimiter } from "../src/access/guess-limiter.ts";
import { Policy } from "../src/access/policy.ts";
import { NO_SESSION_STORE } from "../src/access/session-store.ts";
import { makeApi } from "../src/api/api.ts";
import { Gate, type GateOptions } from "../src/api/gate.ts";
import { HttpDoor, type HttpDoorDeps } from "../src/api/http-door.ts";
import { LiveFeed } from "../src/api/live-feed.ts";
import { OperatorSessions } from "../src/api/operator-sessions.ts";
import { makeRoutes } from "../src/api/routes.ts";
import { Tickets } from "../src/api/tickets.ts";
import { type Clock, systemClock } from "../src/base/clock.ts";
import { FloodLog } from "../src/base/flood-log.ts";
import { type Logger, silentLogger } from "../src/base/logger.ts";
import type { ControlModel } from "../src/control/control-model.ts";
import { parseListenAddress } from "../src/transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS } from "../src/transport/listener.ts";
import { FakeControlModel } from "./fake-control-model.ts";
import { PasswordTable } from "./password-table.ts";

export interface FakeApiOptions {
  /** Default: `http://127.0.0.1:0`. */
  readonly listen?: readonly string[];
  readonly model?: ControlModel;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Passwords by user; default: `admin` and `viewer` have their names, and `nobody` too, who is not listed. */
  readonly passwords?: Readonly<Record<string, string>>;
  readonly authenticators?: readonly Authenticator[];
  readonly gate?: Partial<GateOptions>;
  /** User id of who connects to unix sockets, as if the kernel said so; default: root. */
  readonly peerUid?: () => number | undefined;
  readonly pages?: MiddlewareHandler;
}

export interface FakeApi {
  readonly model: ControlModel;
  readonly live: LiveFeed;
  /** Where it listens, in the order of the options: `http://127.0.0.1:4711`. */
  readonly addresses: readonly string[];
  /** Answers a request that came in elsewhere, under a path. */
  readonly site: HttpDoor;
  close(): void;
}

const USERS = { admin: "admin", viewer: "viewer", nobody: "nobody" };
const NO_PAGES: MiddlewareHandler = (_context, next) => next();

/** Serves until it is closed. Users are listed by their names: `admin` may steer, `viewer` may look. */
export async function startFakeApi(options: FakeApiOptions = {}): Promise<FakeApi> {
  const { clock = systemClock, log = silentLogger, model = new FakeControlModel(20), pages = NO_PAGES } = options;
  const sessions = new OperatorSessions({ clock, nowUnixMs: Date.now, store: NO_SESSION_STORE });
  const authenticators = options.authenticators ?? [new PasswordTable(options.passwords ?? USERS)];
  const chain = new AuthenticatorChain({ clock, onFault: () => {} }, authenticators);
  const policy = new Policy({ networks: [], defaults: {}, groups: [], users: [] });
  const access = { chain, policy, trustedProxies: [], trustsHeaders: false, challenges: ['Basic realm="test"'] };
  const lists = { admins: ["admin"], viewers: ["viewer"], hosts: [], sessionMs: 8 * 3_600_000, ...options.gate };
  const floodLog = new FloodLog(clock, log);
  const gate = new Gate({ clock, floodLog, limiter: new GuessLimiter(clock), sessions }, access, lists);
  const live = new LiveFeed({ clock, model });
  const dashboards = (): readonly string[] =>
    listeners.map(({ address }) => address).filter((one) => /^http/.test(one));
  const deps = { clock, log, model, live, gate, sessions, tickets: new Tickets(clock), dashboards };
  const routes = makeRoutes(deps);
  const api = makeApi({ floodLog, gate, routes, pages });
  const fetch: HttpDoorDeps["fetch"] = (request, env) => api.fetch(request, env);
  const door = new HttpDoor({ clock, fetch }, { kind: "own", prefix: "" });
  const site = new HttpDoor({ clock, fetch }, { kind: "site", prefix: "/admin" });
  const listeners = await bindListeners(
    { clock, log, peerUid: options.peerUid ?? (() => 0) },
    (options.listen ?? ["http://127.0.0.1:0"]).map(parseListenAddress),
    { ...LISTENER_DEFAULTS, tls: undefined },
  );
  for (const listener of listeners) listener.open((incoming) => door.take(incoming));
  return {
    model,
    live,
    site,
    addresses: listeners.map(({ address }) => address),
    close: () => {
      for (const listener of listeners) listener.close();
      live.close();
      void door.close();
      void site.close();
    },
  };
}
