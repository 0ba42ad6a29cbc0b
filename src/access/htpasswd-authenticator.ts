import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "./authenticator.ts";
import { parseAuthorization } from "./authorization.ts";
import { DecoyHashes } from "./decoy-hashes.ts";
import type { HtpasswdUsers } from "./htpasswd.ts";
import type { Identity } from "./identity.ts";
import { digestUnder, keyedDigest } from "./keyed-digest.ts";
import type { PasswordChecker } from "./password-checker.ts";
import { secretEqual } from "./secret-equal.ts";
import { isTokenSecret } from "./token.ts";
import type { ValueSource } from "./value-source.ts";
import type { VerifiedPasswords } from "./verified-passwords.ts";

export interface HtpasswdDeps {
  readonly users: ValueSource<HtpasswdUsers>;
  readonly checker: PasswordChecker;
  readonly verified: VerifiedPasswords;
}

interface Login {
  readonly user: string;
  readonly password: string;
  readonly address: string;
}

/** Takes a user and password by Basic authentication that stand in an htpasswd file. */
export class HtpasswdAuthenticator implements Authenticator {
  readonly method = "htpasswd";
  readonly #deps: HtpasswdDeps;
  readonly #decoys = new DecoyHashes();

  constructor(deps: HtpasswdDeps) {
    this.#deps = deps;
  }

  async authenticate(request: AccessRequest): Promise<AuthenticationOutcome> {
    const shown = parseAuthorization(request.header("authorization"));
    if (shown.state === "malformed" && shown.scheme === "basic") {
      return { state: "refused", reason: "malformed", user: undefined };
    }
    if (shown.state !== "basic" || isTokenSecret(shown.password)) return { state: "absent" };
    const { user } = shown;
    const users = this.#deps.users.current();
    const hash = users.get(user);
    const login = { ...shown, address: request.address };
    const reason = hash === undefined ? await this.#refuseUnknown(login, users) : await this.#check(login, hash);
    if (hash === undefined || reason !== undefined) {
      return { state: "refused", reason: reason ?? "unknown-user", user: user === "" ? undefined : user };
    }
    return { state: "identified", identity: identityOf(user, hash) };
  }

  /** The user is still there, with the same password. */
  isStillGood({ user, credentialId }: Identity): boolean {
    const hash = this.#deps.users.current().get(user);
    return hash !== undefined && credentialIdOf(user, hash) === credentialId;
  }

  seal(identity: Identity, key: string): Identity {
    const hash = this.#deps.users.current().get(identity.user) ?? "";
    return { ...identity, credentialId: sealOf(identity.user, hash, key) };
  }

  async unseal({ user, credentialId }: Identity, key: string): Promise<Identity | undefined> {
    const hash = this.#deps.users.current().get(user);
    if (hash === undefined || !secretEqual(sealOf(user, hash, key), credentialId)) return undefined;
    return identityOf(user, hash);
  }

  /** Takes as long as for a user who is there. */
  async #refuseUnknown({ user, password, address }: Login, users: HtpasswdUsers): Promise<RefusalReason> {
    const hash = this.#decoys.hashFor(user, users);
    const verdict = hash === undefined ? "mismatch" : await this.#deps.checker.verify(hash, password, address);
    return verdict === "unavailable" ? "unavailable" : "unknown-user";
  }

  async #check({ user, password, address }: Login, hash: string): Promise<RefusalReason | undefined> {
    const { verified, checker } = this.#deps;
    if (verified.has(user, hash, password)) return undefined;
    const verdict = await checker.verify(hash, password, address);
    if (verdict === "match") verified.add(user, hash, password);
    return verdict === "match" ? undefined : verdict === "mismatch" ? "wrong-password" : "unavailable";
  }
}

function identityOf(user: string, hash: string): Identity {
  const credentialId = credentialIdOf(user, hash);
  return { user, groups: [], method: "htpasswd", network: undefined, expiresMs: undefined, credentialId };
}

/** A plain digest would let who reads logs guess at passwords: {SHA} has no salt. */
function credentialIdOf(user: string, hash: string): string {
  return keyedDigest("credential", user, hash).slice(0, 16);
}

/** As above, for who knows the key only: it outlives this process. */
function sealOf(user: string, hash: string, key: string): string {
  return digestUnder(key, "sealed credential", user, hash);
}
