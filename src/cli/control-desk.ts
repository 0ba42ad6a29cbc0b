import { lchownSync } from "node:fs";
import { join } from "node:path";
import type { MiddlewareHandler } from "hono";
import type { GuessLimiter } from "../access/guess-limiter.ts";
import type { SessionStore } from "../access/session-store.ts";
import { type ApiEnv, makeApi } from "../api/api.ts";
import { Gate, type GateAccess, type GateOptions } from "../api/gate.ts";
import { HttpDoor } from "../api/http-door.ts";
import { LiveFeed } from "../api/live-feed.ts";
import { DEFAULT_SESSION_MS, OperatorSessions } from "../api/operator-sessions.ts";
import { makeRoutes } from "../api/routes.ts";
import { serverSocketName, socketDirectory } from "../api/socket-directory.ts";
import { dashboardFolder, readStaticFiles } from "../api/static-files.ts";
import { staticRoutes } from "../api/static-routes.ts";
import { Tickets } from "../api/tickets.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { FloodLog } from "../base/flood-log.ts";
import type { Logger } from "../base/logger.ts";
import type { ControlConfig } from "../config/server-config.ts";
import type { ControlModel } from "../control/control-model.ts";
import { bindSocket } from "../transport/bind-socket.ts";
import type { Incoming } from "../transport/incoming.ts";
import type { ListenAddress } from "../transport/listen-address.ts";
import { LISTENER_DEFAULTS, Listener } from "../transport/listener.ts";
import type { TlsOffer } from "../transport/tls-offer.ts";
import { bindLocalSocket, PRIVATE_UMASK } from "./local-socket.ts";
import { peerUid } from "./peer-uid.ts";

export interface ControlDeskDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The one of the main listeners: who guesses there may not go on here. */
  readonly limiter: GuessLimiter;
  readonly tls: TlsOffer | undefined;
  /** Of who is logged in, from start to start. */
  readonly sessionStore: SessionStore;
}

export interface ControlDeskOptions {
  readonly control: ControlConfig;
  /** User id of who the sockets shall belong to, if not to us. */
  readonly owner: number | undefined;
  /** That there can be no local socket is no news: nobody has asked for it. */
  readonly isQuiet: boolean;
}

/**
 * Connections at one listener, and from one address: a dashboard has a few. More than a door answers at a time, as it is
 * the door that knows who is slow.
 */
export const OPERATORS_CENSUS = {
  maxConnections: 512,
  maxConnectionsPerAddress: 64,
  maxPendingPerAddress: 16,
} as const;
/** Of these, such as have made no request yet. */
const MAX_PENDING = 64;
/** An answer that is under way when we close, such as that to a drain, may take so long. */
const LAST_ANSWERS_MS = 500;

/**
 * Where operators come to: the listeners of the control API, and its path on the main ones.
 *
 *     bind(), as root ──► bound ──serve(model)──► serving ──close()──► closed
 */
export class ControlDesk {
  readonly #deps: ControlDeskDeps;
  readonly #listeners: readonly Listener[];
  readonly #sessions: OperatorSessions;
  readonly #tickets: Tickets;
  readonly #pages: Promise<MiddlewareHandler>;
  #control: ControlConfig;
  #gate: Gate | undefined;
  #live: LiveFeed | undefined;
  #doors: readonly HttpDoor[] = [];
  #site: HttpDoor | undefined;

  private constructor(deps: ControlDeskDeps, control: ControlConfig, listeners: readonly Listener[]) {
    this.#deps = deps;
    this.#control = control;
    this.#listeners = listeners;
    this.#sessions = new OperatorSessions({ clock: deps.clock, nowUnixMs: Date.now, store: deps.sessionStore });
    this.#tickets = new Tickets(deps.clock);
    this.#pages = readPages(deps.log);
  }

  /** Takes the addresses, and reads nothing yet. A ConfigError says which one cannot be had. */
  static async bind(deps: ControlDeskDeps, options: ControlDeskOptions): Promise<ControlDesk> {
    const listeners: Listener[] = [];
    try {
      if (options.control.isLocal) listeners.push(...(await bindLocal(deps, options)));
      for (const address of options.control.listen) {
        const listener = makeListener(deps, address);
        await listener.bind((server) => bindSocket(server, address, PRIVATE_UMASK));
        listeners.push(listener);
        // A link that somebody put in its place is not followed: else root would give him any file.
        if (address.kind === "unix" && options.owner !== undefined) lchownSync(address.path, options.owner, -1);
      }
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
    return new ControlDesk(deps, options.control, listeners);
  }

  /** The addresses in force. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address);
  }

  /** Takes a request of the main listeners if it is for our path; false if it is not. */
  readonly onPage = (incoming: Incoming): boolean => {
    if (this.#site?.isFor(incoming) !== true) return false;
    this.#site.take(incoming);
    return true;
  };

  /** Answers from now on. */
  serve(model: ControlModel, access: GateAccess): void {
    const { clock, log, limiter } = this.#deps;
    const sessions = this.#sessions;
    const floodLog = new FloodLog(clock, log);
    const gate = new Gate({ clock, floodLog, limiter, sessions }, access, gateOptions(this.#control));
    const live = new LiveFeed({ clock, model });
    const dashboards = (): readonly string[] => this.#dashboards(model.server().listeners);
    const routes = makeRoutes({ clock, log, model, live, gate, sessions, tickets: this.#tickets, dashboards });
    const pages: MiddlewareHandler = async (context, next) => (await this.#pages)(context, next);
    const api = makeApi({ floodLog, gate, routes, pages });
    const fetch = (request: Request, env: ApiEnv["Bindings"]) => api.fetch(request, env);
    const { path } = this.#control;
    this.#site = path === undefined ? undefined : new HttpDoor({ clock, fetch }, { kind: "site", prefix: path });
    this.#gate = gate;
    this.#live = live;
    // A door for each, so that who fills one does not fill the others.
    const own = this.#listeners.map((listener) => {
      const door = new HttpDoor({ clock, fetch }, { kind: "own", prefix: "" });
      listener.open((incoming) => door.take(incoming));
      return door;
    });
    this.#doors = this.#site === undefined ? own : [...own, this.#site];
    const addresses = [...this.addresses, ...(path === undefined ? [] : [`${path} of each listener`])].join(", ");
    if (addresses !== "") log.info("control.ready", `operators look at this server on ${addresses}`, { addresses });
  }

  /** Other operators, and other ways to know them, from now on; who may not look any more is cut off within a second. */
  use(control: ControlConfig, access: GateAccess): void {
    this.#control = control;
    this.#gate?.use(access, gateOptions(control));
  }

  /** Where browsers may find the dashboard; a web server in front of us may have it elsewhere. */
  #dashboards(listeners: readonly string[]): readonly string[] {
    const { path } = this.#control;
    const below = path === undefined ? [] : listeners.map((address) => address + path);
    return [...this.addresses, ...below].filter((address) => /^https?:/.test(address));
  }

  /** Idempotent. */
  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#live?.close();
    await Promise.all(this.#doors.map((door) => door.close(LAST_ANSWERS_MS)));
    await this.#sessions.close();
  }
}

function gateOptions({ admins, viewers, hosts, sessionMs = DEFAULT_SESSION_MS }: ControlConfig): GateOptions {
  return { admins, viewers, hosts, sessionMs };
}

/** Each counts its own connections: strangers who fill one must not lock out root at its socket. */
function makeListener({ clock, log, tls }: ControlDeskDeps, address: ListenAddress): Listener {
  const options = { ...LISTENER_DEFAULTS, ...OPERATORS_CENSUS, maxPending: MAX_PENDING, address, tls };
  return new Listener({ clock, log, peerUid }, options);
}

/** The socket by which `vpn-ws status` and the others find us; none where there can be none. */
async function bindLocal(deps: ControlDeskDeps, { owner, isQuiet }: ControlDeskOptions): Promise<readonly Listener[]> {
  const name = serverSocketName(process.pid);
  const listener = makeListener(deps, { kind: "unix", path: join(socketDirectory(), name) });
  try {
    await listener.bind((server) => bindLocalSocket(server, { names: [name], owner }));
    return [listener];
  } catch (error) {
    const message = `vpn-ws status and the others will not find this server: ${describeError(error)}`;
    if (!isQuiet) deps.log.warn("control.no-socket", message);
    return [];
  }
}

/** A dashboard that cannot be read is no reason not to serve. */
async function readPages(log: Logger): Promise<MiddlewareHandler> {
  try {
    return staticRoutes(await readStaticFiles(dashboardFolder()));
  } catch (error) {
    log.warn("control.no-dashboard", `there will be no dashboard: ${describeError(error)}`);
    return staticRoutes(new Map());
  }
}
