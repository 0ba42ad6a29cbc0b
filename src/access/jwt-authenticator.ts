import { createHash } from "node:crypto";
import { errors, exportJWK, type JWTPayload, jwtVerify } from "jose";
import { ConfigError } from "../base/errors.ts";
import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "./authenticator.ts";
import { parseAuthorization } from "./authorization.ts";
import { isForeignName } from "./foreign-name.ts";
import type { Identity } from "./identity.ts";
import { type JwksSource, JwksUnavailable } from "./jwks.ts";
import { groupsOfClaims, userOfClaims } from "./jwt-claims.ts";
import { keyIdOf } from "./key-id.ts";
import { isTokenSecret } from "./token.ts";

export interface JwtOptions {
  /** The claim iss must be the very same. */
  readonly issuer: string;
  /** The claim aud must name one of them. */
  readonly audiences: readonly string[];
  /** Name or dotted path of the claim that is the user. */
  readonly userClaim: string;
  /** Name or dotted path of the claim with the user's groups. */
  readonly groupsClaim: string;
}

export const JWT_DEFAULTS = { userClaim: "sub", groupsClaim: "groups" } as const satisfies Partial<JwtOptions>;

export interface JwtDeps {
  readonly keys: JwksSource;
  /** Unix milliseconds. */
  readonly nowUnixMs: () => number;
}

/** How far the issuer's clock may be from ours. */
export const CLOCK_TOLERANCE_S = 30;

/** Signatures by private keys only. With HS256 a public key would be a password that everybody knows. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** What begins like the base64url of `{"`, `{ ` or a brace and a line break: the header of a JWT, and hardly a password. */
const JWT_HEADER = /^e[w-z0-9_-][A-Za-z0-9_-]*\./;

/** What a token says, and the key that it was signed with; see `keyIdOf`. */
interface Verified {
  readonly payload: JWTPayload;
  readonly keyId: string;
}

/** A token, and the user that came with it by Basic authentication. */
interface Shown {
  readonly token: string;
  readonly user: string | undefined;
}

/**
 * Takes tokens that an issuer has signed (JWT, RFC 7519; checked as RFC 8725 advises), from a Bearer header, or as the
 * password of Basic authentication. There the user must be the token's, or empty.
 */
export class JwtAuthenticator implements Authenticator {
  readonly method = "jwt" as const;
  readonly #deps: JwtDeps;
  readonly #options: JwtOptions;
  /** Tells what was asked of a token: with another issuer or other claims the same token may be another user's. */
  readonly #terms: string;

  constructor(deps: JwtDeps, options: JwtOptions) {
    // jose takes an empty issuer for "any".
    if (options.issuer === "" || options.audiences.length === 0 || options.audiences.includes("")) {
      throw new ConfigError("JWT_UNBOUND", "tokens of an issuer need the issuer and at least one audience.");
    }
    this.#deps = deps;
    this.#options = options;
    const { issuer, audiences, userClaim, groupsClaim } = options;
    this.#terms = digest(JSON.stringify([issuer, audiences, userClaim, groupsClaim]));
  }

  async authenticate(request: AccessRequest): Promise<AuthenticationOutcome> {
    const shown = shownBy(request);
    if (shown === "absent") return { state: "absent" };
    if (shown === "malformed") return refused("malformed");
    const verified = await this.#verify(shown.token);
    return typeof verified === "string" ? refused(verified, shown.user) : this.#identify(verified, shown);
  }

  /** The token is not over, it is this issuer's, of whom a server may know several, and its key was not withdrawn. */
  isStillGood({ credentialId, expiresMs }: Identity, nowMs: number): boolean {
    const [terms, keyId = ""] = credentialId.split(":", 2);
    return terms === this.#terms && expiresMs !== undefined && nowMs < expiresMs && this.#deps.keys.hasKey(keyId);
  }

  /** After a restart no keys are at hand, and without any it cannot be known whether one was withdrawn. */
  async unseal(sealed: Identity, _key: string, nowMs: number): Promise<Identity | undefined> {
    if (!this.isStillGood(sealed, nowMs)) return undefined;
    await this.#deps.keys.ready();
    return sealed;
  }

  async #verify(token: string): Promise<Verified | RefusalReason> {
    const { keys, nowUnixMs } = this.#deps;
    const { issuer, audiences } = this.#options;
    try {
      const { payload, key } = await jwtVerify(token, keys.keyFor, {
        algorithms: ALGORITHMS,
        issuer,
        audience: [...audiences],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(nowUnixMs()),
        requiredClaims: ["exp"],
      });
      return { payload, keyId: keyIdOf(await exportJWK(key)) ?? "" };
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      return reason;
    }
  }

  #identify({ payload, keyId }: Verified, shown: Shown): AuthenticationOutcome {
    const user = userOfClaims(payload, this.#options.userClaim);
    if (user === undefined) return refused("no-user", shown.user);
    if (shown.user !== undefined && shown.user !== user) return refused("unknown-user", shown.user);
    const groups = groupsOfClaims(payload, this.#options.groupsClaim);
    const expiresMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_S) * 1000;
    if (groups === undefined || !Number.isFinite(expiresMs)) return refused("malformed", user);
    const credentialId = `${this.#terms}:${keyId}:${tokenIdOf(payload, shown.token)}`;
    return {
      state: "identified",
      identity: { user, groups, method: this.method, network: undefined, expiresMs, credentialId },
    };
  }
}

/** What is not one of our own tokens is meant for the issuer's; of passwords only what looks like one. */
function shownBy(request: AccessRequest): Shown | "absent" | "malformed" {
  const shown = parseAuthorization(request.header("authorization"));
  if (shown.state === "malformed") return shown.scheme === "bearer" ? "malformed" : "absent";
  if (shown.state === "bearer") return isTokenSecret(shown.token) ? "absent" : { token: shown.token, user: undefined };
  if (shown.state === "absent" || !JWT_HEADER.test(shown.password)) return "absent";
  return { token: shown.password, user: shown.user === "" ? undefined : shown.user };
}

/** Undefined for what is no fault of the token. */
function reasonOf(error: unknown): RefusalReason | undefined {
  if (error instanceof JwksUnavailable) return "unavailable";
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) return claimReason(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return "wrong-algorithm";
  const isUnsigned =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (isUnsigned) return "wrong-signature";
  const isMalformed =
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported;
  return isMalformed ? "malformed" : undefined;
}

function claimReason({ claim, reason }: errors.JWTClaimValidationFailed): RefusalReason {
  if (claim === "iss") return "wrong-issuer";
  if (claim === "aud") return "wrong-audience";
  return claim === "nbf" && reason === "check_failed" ? "not-yet-valid" : "malformed";
}

/** The issuer's id of the token, else a digest of what was signed. */
function tokenIdOf({ jti }: JWTPayload, token: string): string {
  return typeof jti === "string" && isForeignName(jti) ? jti : digest(token.slice(0, token.lastIndexOf(".")));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

function refused(reason: RefusalReason, user: string | undefined = undefined): AuthenticationOutcome {
  return { state: "refused", reason, user };
}
