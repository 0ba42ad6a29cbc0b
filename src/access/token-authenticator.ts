import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "./authenticator.ts";
import { parseAuthorization } from "./authorization.ts";
import type { Identity } from "./identity.ts";
import { secretEqual } from "./secret-equal.ts";
import { hashToken, isTokenSecret, type TokenRecord, tokenState } from "./token.ts";
import type { TokenStore } from "./token-store.ts";

export interface TokenDeps {
  readonly store: TokenStore;
  /** Unix milliseconds. */
  readonly nowUnixMs: () => number;
}

/** What a request shows of a token. */
interface ShownToken {
  readonly secret: string;
  /** Basic authentication's user; empty if there is none. */
  readonly user: string;
}

/**
 * Takes our tokens: as bearer, or as the password of Basic authentication for clients that know only that. The user
 * name beside it is empty, or the token's user. If its uses are counted, one is taken when it is redeemed.
 */
export class TokenAuthenticator implements Authenticator {
  readonly method = "token";
  readonly #deps: TokenDeps;

  constructor(deps: TokenDeps) {
    this.#deps = deps;
  }

  async authenticate(request: AccessRequest): Promise<AuthenticationOutcome> {
    const shown = shownToken(request.header("authorization"));
    if (shown === undefined) return { state: "absent" };
    const hash = hashToken(shown.secret);
    const record = this.#deps.store.find(hash);
    const claimed = shown.user === "" ? undefined : shown.user;
    // Found by the hash of what was shown, it is the same; compared once more, the whole of it counts whatever a store does.
    if (record === undefined || !secretEqual(record.hash, hash)) {
      return { state: "refused", reason: "unknown-token", user: claimed };
    }
    const reason = claimed !== undefined && claimed !== record.user ? "unknown-user" : this.#fault(record);
    if (reason !== undefined) return { state: "refused", reason, user: claimed ?? record.user };
    return { state: "identified", identity: identityOf(record) };
  }

  /** The token is still there, neither revoked nor over. Used up is no matter: this peer has its use. */
  isStillGood({ credentialId, user }: Identity, nowMs: number): boolean {
    const record = this.#deps.store.findById(credentialId);
    if (record === undefined || record.user !== user) return false;
    return ["good", "used-up"].includes(tokenState(record, nowMs));
  }

  /** Of several who show the last use at once, one gets it. */
  async redeem({ credentialId }: Identity): Promise<RefusalReason | undefined> {
    const record = this.#deps.store.findById(credentialId);
    if (record === undefined) return "unknown-token";
    if (record.usesLeft === undefined) return this.#fault(record);
    return (await this.#deps.store.use(credentialId)) ? undefined : "used-up";
  }

  /** Why it is no good; undefined if it is. */
  #fault(record: TokenRecord): RefusalReason | undefined {
    const state = tokenState(record, this.#deps.nowUnixMs());
    return state === "good" ? undefined : state;
  }
}

function shownToken(header: string | undefined): ShownToken | undefined {
  const shown = parseAuthorization(header);
  if (shown.state === "bearer" && isTokenSecret(shown.token)) return { secret: shown.token, user: "" };
  if (shown.state === "basic" && isTokenSecret(shown.password)) return { secret: shown.password, user: shown.user };
  return undefined;
}

function identityOf({ id, user, groups, network, expiresMs }: TokenRecord): Identity {
  return { user, groups, method: "token", network, expiresMs, credentialId: id };
}
