import type { AccessRequest } from "../access/access-request.ts";
import { addressKey } from "../access/address-key.ts";
import type { AuthenticatorChain, RefusalDecision } from "../access/authenticator-chain.ts";
import {
  CredentialCheck,
  type CredentialCheckDeps,
  claimedUser,
  isUnjudged,
  refusalWords,
} from "../access/credential-check.ts";
import { believe } from "../access/front.ts";
import type { Identity } from "../access/identity.ts";
import type { Policy } from "../access/policy.ts";
import type { Login } from "../access/session-store.ts";
import type { FloodLog } from "../base/flood-log.ts";
import type { Operator } from "../control/action.ts";
import type { IpPrefix } from "../wire/ip-prefix.ts";
import { printable } from "../wire/printable.ts";
import type { Asked } from "./asked.ts";
import { CheckingPlaces } from "./checking-places.ts";
import { type OperatorLists, roleOf } from "./operator-list.ts";
import { newSecret, type OperatorSessions } from "./operator-sessions.ts";
import { Problem } from "./problem.ts";
import { sessionSecret } from "./session-cookie.ts";

/** What of who may join holds for who may look, too: a server's `Access` is one. */
export interface GateAccess {
  readonly chain: Pick<AuthenticatorChain, "authenticate" | "redeem" | "isStillGood" | "seal" | "unseal">;
  /** Who is in which group. */
  readonly policy: Pick<Policy, "isIn">;
  readonly trustedProxies: readonly IpPrefix[];
  /** Whether their HTTP headers are believed; if not, only uwsgi is. */
  readonly trustsHeaders: boolean;
  /** Values of WWW-Authenticate. */
  readonly challenges: readonly string[];
}

export interface GateOptions extends OperatorLists {
  /** Names of ours, in lower case, beside addresses and localhost. */
  readonly hosts: readonly string[];
  /** How long a login lasts at most. */
  readonly sessionMs: number;
}

export interface GateDeps extends CredentialCheckDeps {
  readonly floodLog: FloodLog;
  /** Sessions outlive a reload, and may outlive us. */
  readonly sessions: OperatorSessions;
}

/** Somebody whom the gate let through. */
export interface Entrance {
  readonly operator: Operator;
  /** How: by the unix socket, a cookie, or what the request itself shows. */
  readonly by: "local" | "session" | "credentials";
  /** Of the login, by the clock. */
  readonly endsMs: number | undefined;
  /** Whether it would still be let through. */
  readonly mayStay: () => boolean;
}

/** Headers of who passes on what others ask: he speaks for them, and not for himself. */
const FORWARDED = ["x-forwarded-for", "forwarded", "via", "x-real-ip"];

/**
 * Who may look, and who may steer. The first that fits decides; nobody is let through for want of an answer:
 *
 *     unix socket, root or our user ─► admin `local UID`
 *     cookie of a session           ─► who logged in, if he still could
 *     credentials, a web server's word ─► authenticators, as for joining ─► listed as admin or viewer
 */
export class Gate {
  readonly #deps: GateDeps;
  readonly #credentials: CredentialCheck;
  #access: GateAccess;
  #options: GateOptions;
  readonly #places = new CheckingPlaces();

  constructor(deps: GateDeps, access: GateAccess, options: GateOptions) {
    this.#deps = deps;
    this.#credentials = new CredentialCheck(deps);
    this.#access = access;
    this.#options = options;
  }

  /** For requests that come from now on, and for who is here: see `mayStay`. */
  use(access: GateAccess, options: GateOptions): void {
    this.#access = access;
    this.#options = options;
  }

  get hosts(): readonly string[] {
    return this.#options.hosts;
  }

  get sessionMs(): number {
    return this.#options.sessionMs;
  }

  /** Who asks; undefined if the request shows nothing. Throws a Problem for who may not, whoever he is. */
  async enter(asked: Asked): Promise<Entrance | undefined> {
    return localEntrance(asked) ?? (await this.#sessionEntrance(asked)) ?? (await this.#check(this.#believed(asked)));
  }

  /** Who shows these words of Authorization, instead of what the request shows. Throws a Problem if they are no good. */
  async login(asked: Asked, authorization: string): Promise<Login & { readonly kind: "identity" }> {
    const believed = this.#believed(asked);
    const header = (name: string): string | undefined =>
      name === "authorization" ? authorization : believed.header(name);
    const shown = { ...believed, header, front: undefined, certificate: undefined };
    const identity = await this.#identify(shown);
    if (identity === undefined)
      throw this.#refuse(shown, 401, "no-credentials", "These are no credentials.", undefined);
    this.#roleFor(shown, identity);
    return { kind: "identity", identity };
  }

  /** Begins a session of a login, and gives the secret that its cookie holds. Throws a Problem if it is no good any more. */
  async begin(login: Login): Promise<string> {
    const secret = newSecret();
    const sealed = this.#seal(login, secret);
    if (sealed === undefined) throw new Problem(401, WRONG);
    await this.#deps.sessions.begin(secret, sealed, this.sessionMs);
    return secret;
  }

  /** What a login may do now; undefined: nothing, any more. */
  operatorOf(login: Login, address: string): Operator | undefined {
    if (login.kind === "local") {
      return isOurs(login.uid) ? { name: `local ${login.uid}`, role: "admin", address } : undefined;
    }
    const { identity } = login;
    const isOver = identity.expiresMs !== undefined && Date.now() >= identity.expiresMs;
    if (isOver || !this.#access.chain.isStillGood(identity, Date.now())) return undefined;
    const role = roleOf(identity, this.#access.policy, this.#options);
    return role === undefined ? undefined : { name: identity.user, role, address };
  }

  /** Headers that tell a program, and no page, how to say who it is: a browser would open a window of its own. */
  challenge({ incoming }: Asked): Readonly<Record<string, string>> {
    const { challenges } = this.#access;
    const isPage = incoming.request.header("sec-fetch-mode") !== undefined;
    return isPage || challenges.length === 0 ? {} : { "WWW-Authenticate": challenges.join(", ") };
  }

  /** Where a request comes from, as far as that is known. */
  addressOf(asked: Asked): string {
    return this.#believed(asked).address;
  }

  async #sessionEntrance(asked: Asked): Promise<Entrance | undefined> {
    const secret = sessionSecret(asked);
    if (secret === undefined) return undefined;
    const address = this.addressOf(asked);
    const session = this.#deps.sessions.find(secret);
    if (session === undefined) return undefined;
    const login = await this.#unseal(session.login, secret);
    const operator = login === undefined ? undefined : this.operatorOf(login, address);
    if (login === undefined || operator === undefined) {
      await this.#deps.sessions.end(secret);
      return undefined;
    }
    const mayStay = (): boolean =>
      this.#deps.sessions.find(secret) !== undefined && this.operatorOf(login, address)?.role === operator.role;
    return { operator, by: "session", endsMs: session.endsMs, mayStay };
  }

  /** A login as it may be kept beyond this process; undefined if it is no good any more. */
  #seal(login: Login, secret: string): Login | undefined {
    if (login.kind === "local") return login;
    const identity = this.#access.chain.seal(login.identity, secret, Date.now());
    return identity === undefined ? undefined : { kind: "identity", identity };
  }

  /** Throws a Problem if nobody can say at the moment whether it is good. */
  async #unseal(login: Login, secret: string): Promise<Login | undefined> {
    if (login.kind === "local") return login;
    const identity = await this.#access.chain.unseal(login.identity, secret, Date.now());
    if (identity === "unavailable") throw new Problem(503, UNJUDGED, RETRY);
    return identity === undefined ? undefined : { kind: "identity", identity };
  }

  async #check(shown: AccessRequest): Promise<Entrance | undefined> {
    const identity = await this.#identify(shown);
    if (identity === undefined) return undefined;
    const { address } = shown;
    const operator: Operator = { name: identity.user, role: this.#roleFor(shown, identity), address };
    const login: Login = { kind: "identity", identity };
    const mayStay = (): boolean => this.operatorOf(login, address)?.role === operator.role;
    return { operator, by: "credentials", endsMs: undefined, mayStay };
  }

  /** Who the authenticators say it is; undefined for who shows nothing, or is let in for nothing. */
  async #identify(shown: AccessRequest): Promise<Identity | undefined> {
    const leave = this.#places.enter(shown.address);
    if (leave === undefined) throw new Problem(503, "Too many credentials are being checked.", RETRY);
    try {
      const { chain } = this.#access;
      // An answer that is held back takes no place: else guesses at one name would lock out everybody.
      const leaving: typeof chain.authenticate = (asked) => chain.authenticate(asked).finally(leave);
      const outcome = await this.#credentials.check({ authenticate: leaving }, shown);
      if (outcome.state === "blocked") throw this.#blocked(shown, outcome.retryAfterMs);
      if (outcome.state === "refused") throw this.#wrong(shown, outcome.decisions);
      if (outcome.state === "absent" || outcome.identity.method === "anonymous") return undefined;
      const unpaid = await chain.redeem(outcome.identity);
      if (unpaid !== undefined) throw this.#wrong(shown, [unpaid]);
      return outcome.identity;
    } finally {
      leave();
    }
  }

  #roleFor(shown: AccessRequest, identity: Identity): Operator["role"] {
    const role = roleOf(identity, this.#access.policy, this.#options);
    if (role !== undefined) return role;
    throw this.#refuse(shown, 403, "not-listed", "You may not look here: ask who runs this server.", identity.user);
  }

  /** What is believed of a request. Whoever may open a unix socket of our own is no web server that speaks for others. */
  #believed({ incoming, door }: Asked): AccessRequest {
    const { trustedProxies, trustsHeaders } = this.#access;
    const isHeard = incoming.via === "uwsgi" || trustsHeaders;
    const believed = believe(incoming, isHeard ? trustedProxies : []);
    const isLocalUser = door.kind === "own" && incoming.origin.kind === "unix";
    return isLocalUser ? { ...believed, address: "", front: undefined } : believed;
  }

  #blocked(shown: AccessRequest, retryAfterMs: number): Problem {
    const headers = { "Retry-After": String(Math.ceil(retryAfterMs / 1_000)) };
    return this.#refuse(
      shown,
      429,
      "guessing",
      "Too many wrong credentials came from your address.",
      undefined,
      headers,
    );
  }

  #wrong(shown: AccessRequest, decisions: readonly RefusalDecision[]): Problem {
    const why = refusalWords(decisions);
    const user = claimedUser(decisions);
    if (!isUnjudged(decisions)) return this.#refuse(shown, 401, why, WRONG, user);
    return this.#refuse(shown, 503, why, UNJUDGED, user, RETRY);
  }

  #refuse(
    shown: AccessRequest,
    status: number,
    reason: string,
    detail: string,
    claimed: string | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Problem {
    const user = printable(claimed ?? "");
    const address = printable(shown.address);
    const log = this.#deps.floodLog.about(addressKey(shown.address));
    const text = `refused ${user === "" ? "somebody" : user} from ${address || "this machine"}: ${reason} (${status})`;
    log.info("control.refused", text, { address, user, status, reason });
    return new Problem(status, detail, headers);
  }
}

const RETRY = { "Retry-After": "5" } as const;
const WRONG = "The credentials are not right, or not any more.";
const UNJUDGED = "The credentials cannot be checked at the moment.";

/** Whether it is somebody who may do anything to us anyhow. */
function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Who came by a unix socket and may do anything to us anyhow. */
function localEntrance({ incoming: { origin, request, via }, door }: Asked): Entrance | undefined {
  if (door.kind !== "own" || via !== "http" || origin.kind !== "unix" || origin.uid === undefined) return undefined;
  if (!isOurs(origin.uid)) return undefined;
  if (FORWARDED.some((name) => request.header(name) !== undefined)) return undefined;
  const operator: Operator = { name: `local ${origin.uid}`, role: "admin", address: "" };
  return { operator, by: "local", endsMs: undefined, mayStay: () => true };
}
