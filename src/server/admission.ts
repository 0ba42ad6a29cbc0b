import type { AccessRequest } from "../access/access-request.ts";
import type { RefusalDecision } from "../access/authenticator-chain.ts";
import { CredentialCheck, claimedUser, isUnjudged, refusalWords } from "../access/credential-check.ts";
import { believe } from "../access/front.ts";
import type { Grant } from "../access/grant.ts";
import type { GuessLimiter } from "../access/guess-limiter.ts";
import { ANONYMOUS, type Identity } from "../access/identity.ts";
import type { Clock } from "../base/clock.ts";
import type { Incoming, Origin, RemoteIdentity } from "../transport/incoming.ts";
import type { HeaderList } from "../wire/http.ts";
import type { Mac } from "../wire/mac.ts";
import { type AcceptedOpening, acceptOpening } from "../wire/opening.ts";
import { type Access, type Way, type WayFault, wayFault } from "./access.ts";
import type { Bans } from "./bans.ts";
import { isOriginAllowed, mayPageJoinOpenly } from "./origin-check.ts";

/** A request that may come in: who it is and what it may do. */
export interface Admitted extends Way {
  readonly state: "admitted";
  readonly opening: AcceptedOpening;
  readonly identity: Identity;
  readonly grant: Grant;
  readonly remote: RemoteIdentity;
  /** The path it asked for; the policy is asked about it again at a reload. */
  readonly path: string;
  /** Whether it is let in as a connection of a session that is there. Nothing was redeemed: it must not begin another. */
  readonly isClaim: boolean;
}

/** A request that may not. */
export interface Refused {
  readonly state: "refused";
  readonly status: number;
  /** A sentence for the peer. */
  readonly message: string;
  readonly headers: HeaderList;
  /** A stable word for the log, and more of it; never a secret. */
  readonly reason: string;
  readonly user: string | undefined;
  readonly address: string;
}

export interface AdmissionDeps {
  readonly clock: Clock;
  readonly limiter: GuessLimiter;
  readonly bans: Pick<Bans, "find">;
  /** The place of somebody who may come in: a free one, or one in a session that it has; or why there is none. */
  readonly placeFor: (admitted: Admitted) => { readonly state: "free" | "claimed" } | Refused;
}

/** A request that is being decided on. */
interface Question {
  readonly asked: AccessRequest;
  readonly origin: Origin;
  readonly opening: AcceptedOpening;
}

const CLOSED_WAYS: Readonly<Record<WayFault, string>> = {
  "not-a-socket-user": "Who brought you here may not use this socket.",
  "not-a-trusted-proxy": "The web server that speaks for you is not trusted here.",
};

/**
 * Decides on a request to join, in this order; the first that fails answers:
 *
 *     opening well formed ─► page allowed ─► address not guessing ─► authenticators ─┐
 *             ┌──────────────────────────────────────────────────────────────────────┘
 *             └─► way open ─► not banned ─► policy ─► bridge and MAC allowed ─┬─► a place free ─► credentials redeemed
 *                                                                             └─► a session of its own is claimed
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #credentials: CredentialCheck;
  #access: Access;

  constructor(deps: AdmissionDeps, access: Access) {
    this.#deps = deps;
    this.#credentials = new CredentialCheck(deps);
    this.#access = access;
  }

  /** For requests that come from now on. */
  use(access: Access): void {
    this.#access = access;
  }

  async decide(incoming: Incoming): Promise<Admitted | Refused> {
    const access = this.#access;
    const isHeard = incoming.via === "uwsgi" || access.trustsHeaders;
    const asked = believe(incoming, isHeard ? access.trustedProxies : []);
    const refuse = refuser(asked.address);
    const opening = acceptOpening(incoming.request);
    if (opening.state === "refused") {
      return refuse(opening.status, "not-an-opening", opening.message, undefined, opening.headers);
    }
    const { request } = incoming;
    if (!isOriginAllowed(request.header("origin"), request.header("host"), access.allowedOrigins)) {
      return refuse(403, "foreign-origin", "Pages of another site may not connect here.");
    }
    const outcome = await this.#authenticate(access, asked);
    if (outcome.state === "refused") return outcome;
    const isNobody = outcome.identity.method === "anonymous" && asked.front === undefined;
    if (isNobody && !mayPageJoinOpenly(request.header("origin"), request.header("host"), access.allowedOrigins)) {
      return refuse(403, "foreign-origin", "Pages of a named host may connect here only if it is listed.");
    }
    return this.#redeem(access, { asked, origin: incoming.origin, opening }, outcome.identity);
  }

  /** Nothing is taken from who would be refused anyhow: an invite is good once. */
  async #redeem(access: Access, question: Question, identity: Identity): Promise<Admitted | Refused> {
    const judged = this.#judge(question, identity);
    if (judged.state === "refused") return judged;
    const place = this.#deps.placeFor(judged);
    if (place.state === "refused") return place;
    if (place.state === "claimed") return { ...judged, isClaim: true };
    const unpaid = await access.chain.redeem(identity);
    if (unpaid !== undefined) return wrongCredentials(question.asked.address, [unpaid], access.challenges);
    return this.#judge(question, identity);
  }

  /**
   * What the policy says. Always the one in force: who was waiting for authenticators while it was replaced is not in the
   * table of those who are looked at again.
   */
  #judge({ asked, origin, opening }: Question, identity: Identity): Admitted | Refused {
    const refuse = refuser(asked.address);
    const way: Way = { origin, isVouchedFor: asked.front !== undefined };
    const fault = wayFault(this.#access, way);
    if (fault !== undefined) return refuse(403, fault, CLOSED_WAYS[fault], identity.user);
    const ban = this.#deps.bans.find(identity, opening.mac);
    if (ban !== undefined) {
      const until = new Date(ban.untilMs).toISOString();
      return refuse(403, "banned", `An operator has sent you away until ${until}.`, identity.user);
    }
    const visit = { address: asked.address, path: asked.path, nowMs: Date.now() };
    const decision = this.#access.policy.decide(identity, visit);
    if (decision.state === "denied") return refuse(403, decision.reason, decision.message, identity.user);
    const grant: Grant = opening.guest ? { ...decision.grant, yields: "newest" } : decision.grant;
    if (opening.bridge && !grant.rules.bridge) {
      return refuse(403, "not-a-bridge", "You may not join as a bridge here.", identity.user);
    }
    if (opening.mac !== undefined && grant.rules.macs?.includes(opening.mac) === false) {
      return refuse(403, "mac-not-allowed", "Your MAC address is none that you may use here.", identity.user);
    }
    const remote = remoteOf(asked, identity);
    return { state: "admitted", opening, identity, grant, remote, path: asked.path, ...way, isClaim: false };
  }

  async #authenticate(
    access: Access,
    asked: AccessRequest,
  ): Promise<{ readonly state: "identified"; readonly identity: Identity } | Refused> {
    const refuse = refuser(asked.address);
    const outcome = await this.#credentials.check(access.chain, asked);
    if (outcome.state === "blocked") {
      const seconds = String(Math.ceil(outcome.retryAfterMs / 1000));
      return refuse(429, "guessing", "Too many wrong credentials came from your address.", undefined, [
        ["Retry-After", seconds],
      ]);
    }
    if (outcome.state === "absent") {
      const challenges = challengeHeaders(access.challenges);
      return refuse(401, "no-credentials", "Credentials are needed to join.", undefined, challenges);
    }
    if (outcome.state === "identified") return outcome;
    return wrongCredentials(asked.address, outcome.decisions, access.challenges);
  }
}

/**
 * The answer to credentials that were not taken. Where one could not be judged nobody knows whether they are right: a
 * client that is told they are wrong would have its user look for another password.
 */
function wrongCredentials(
  address: string,
  decisions: readonly RefusalDecision[],
  challenges: readonly string[],
): Refused {
  const refuse = refuser(address);
  const why = refusalWords(decisions);
  const user = claimedUser(decisions);
  if (isUnjudged(decisions)) {
    return refuse(503, why, "The credentials cannot be checked at the moment.", user, [["Retry-After", "5"]]);
  }
  return refuse(401, why, "The credentials are not right, or not any more.", user, challengeHeaders(challenges));
}

function challengeHeaders(challenges: readonly string[]): HeaderList {
  return challenges.map((value) => ["WWW-Authenticate", value]);
}

function refuser(address: string) {
  return (
    status: number,
    reason: string,
    message: string,
    user: string | undefined = undefined,
    headers: HeaderList = [],
  ): Refused => ({ state: "refused", status, message, headers, reason, user, address });
}

/** What is shown of the peer from now on. */
function remoteOf(asked: AccessRequest, identity: Identity): RemoteIdentity {
  const user = identity.method === "anonymous" ? "" : identity.user;
  const distinguishedName = asked.front?.distinguishedName || asked.certificate?.subject.replaceAll("\n", ",") || "";
  return { address: asked.address, user, distinguishedName };
}

/**
 * Whose sessions, MACs and addresses these are. An anonymous peer has no name but the MAC that it announces, and comes
 * back by it from anywhere; one that announces none is whoever this session is.
 */
export function ownerOf(identity: Identity, mac: Mac | undefined, id: number): string {
  return identity.method === "anonymous" ? `${ANONYMOUS} ${mac ?? id}` : ownerOfUser(identity.user);
}

/** The owner that a user with a name is. */
export function ownerOfUser(user: string): string {
  return `user ${user}`;
}
