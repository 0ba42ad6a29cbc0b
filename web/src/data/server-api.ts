import type { Role } from "../../../src/control/action.ts";
import type {
  Ban,
  ControlEvent,
  DropRow,
  FdbRow,
  HistorySample,
  NetworkInfo,
  PairList,
  PeerDetail,
  PeerRow,
  ServerInfo,
} from "../../../src/control/model.ts";
import type { JsonRequests } from "./json-requests.ts";

export interface SessionInfo {
  readonly operator: { readonly name: string; readonly role: Role };
  /** Unix milliseconds; null for who shows with each request who he is. */
  readonly expiresMs: number | null;
}

export type Credentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** Good once: printed by `vpn-ws dashboard`. */
  | { readonly ticket: string };

export interface PeerList {
  /** That there are; `peers` may hold fewer. */
  readonly total: number;
  readonly peers: readonly PeerRow[];
}

export interface FdbList {
  readonly total: number;
  readonly entries: readonly FdbRow[];
}

/** What was done, as a sentence. */
export interface Done {
  readonly message: string;
}

/** As many rows as the server gives in one answer. */
const MAX_ROWS = 10_000;

/** The server's HTTP API, version 1, by name. All of it may throw a RequestProblem. */
export class ServerApi {
  readonly #requests: JsonRequests;

  constructor(requests: JsonRequests) {
    this.#requests = requests;
  }

  session(): Promise<SessionInfo> {
    return this.#requests.get("session");
  }

  logIn(credentials: Credentials): Promise<unknown> {
    return this.#requests.post("session", credentials);
  }

  logOut(): Promise<unknown> {
    return this.#requests.delete("session");
  }

  server(): Promise<ServerInfo> {
    return this.#requests.get("server");
  }

  async networks(): Promise<readonly NetworkInfo[]> {
    return (await this.#requests.get<{ networks: NetworkInfo[] }>("networks")).networks;
  }

  /** Of one network, or with an empty name of all. */
  peers(network = ""): Promise<PeerList> {
    return this.#requests.get("peers", { network, limit: MAX_ROWS });
  }

  peer(id: string): Promise<PeerDetail> {
    return this.#requests.get(`peers/${encodeURIComponent(id)}`);
  }

  fdb(): Promise<FdbList> {
    return this.#requests.get("fdb", { limit: MAX_ROWS });
  }

  events(after: number): Promise<{ readonly lastId: number; readonly events: readonly ControlEvent[] }> {
    return this.#requests.get("events", { after });
  }

  async drops(): Promise<readonly DropRow[]> {
    return (await this.#requests.get<{ drops: DropRow[] }>("drops")).drops;
  }

  async history(): Promise<readonly HistorySample[]> {
    return (await this.#requests.get<{ samples: HistorySample[] }>("history")).samples;
  }

  /** Who sent to whom; asking makes the server measure it for the next minute. */
  async pairs(): Promise<PairList> {
    return this.#requests.get<PairList>("pairs");
  }

  async bans(): Promise<readonly Ban[]> {
    return (await this.#requests.get<{ bans: Ban[] }>("bans")).bans;
  }

  kick(peer: string, reason: string, banMs: number): Promise<Done> {
    return this.#requests.delete(`peers/${encodeURIComponent(peer)}`, reason === "" ? { banMs } : { reason, banMs });
  }

  /** null takes the policy's word again. */
  isolate(peer: string, isolated: boolean | null): Promise<Done> {
    return this.#requests.post(`peers/${encodeURIComponent(peer)}/isolate`, { isolated });
  }

  /** Bits per second; null takes the policy's again. */
  limitRate(peer: string, up: number | null, down: number | null): Promise<Done> {
    return this.#requests.post(`peers/${encodeURIComponent(peer)}/rate`, { up, down });
  }

  /** Forgets what was learned at one peer, or without one everywhere. */
  flushFdb(peer?: string): Promise<Done> {
    return this.#requests.post("fdb/flush", peer === undefined ? {} : { peer });
  }

  unban(ban: string): Promise<Done> {
    return this.#requests.delete(`bans/${encodeURIComponent(ban)}`);
  }

  reload(): Promise<Done> {
    return this.#requests.post("reload", {});
  }

  drain(): Promise<Done> {
    return this.#requests.post("drain", {});
  }

  /** A pcapng file that does not end until `signal` ends it. */
  capture(peer: string, filter: string, signal: AbortSignal): Promise<Response> {
    return this.#requests.open("capture", { peer, filter }, signal);
  }
}
