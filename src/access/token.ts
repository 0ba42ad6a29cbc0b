import { createHash, randomBytes } from "node:crypto";

/** `token`: for programs and people; `invite`: brings a client in once; `credential`: what such a client got for later. */
type TokenKind = "token" | "invite" | "credential";

/** What is kept of a token. Its secret is not. */
export interface TokenRecord {
  /** Eight characters, by which people name it. */
  readonly id: string;
  /** `hashToken` of the secret. */
  readonly hash: string;
  readonly user: string;
  readonly kind: TokenKind;
  /** The one network it is for; undefined: any that the user may join. */
  readonly network: string | undefined;
  readonly groups: readonly string[];
  /** All in Unix milliseconds. */
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
  readonly revokedMs: number | undefined;
  /** Undefined: as often as one likes. */
  readonly usesLeft: number | undefined;
  /** Id of the invite that a credential was given for. They are revoked together: they are one permission. */
  readonly invite: string | undefined;
}

export type TokenState = "good" | "revoked" | "expired" | "used-up";

/** Lets scanners find secrets that were published by mistake, and tells tokens from passwords. */
const PREFIX = "vpnws_";
const SECRET_BYTES = 32;
const ID_BYTES = 4;

/** A new secret: `vpnws_` and 43 characters of base64url, 256 random bits. */
export function newTokenSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString("base64url");
}

export function newTokenId(): string {
  return randomBytes(ID_BYTES).toString("hex");
}

export function isTokenId(text: string): boolean {
  return /^[0-9a-f]{8}$/.test(text);
}

/** Whether a bearer token or a password is meant to be one of our tokens. */
export function isTokenSecret(text: string): boolean {
  return text.startsWith(PREFIX);
}

/**
 * SHA-256 of a secret, in hex. A slow hash such as bcrypt protects what people choose from being guessed; nobody
 * guesses 256 random bits, and a quick one lets a token be found by its hash.
 */
export function hashToken(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

/** Why a token is no good any more. */
export function tokenState({ revokedMs, expiresMs, usesLeft }: TokenRecord, nowUnixMs: number): TokenState {
  if (revokedMs !== undefined) return "revoked";
  if (expiresMs !== undefined && nowUnixMs >= expiresMs) return "expired";
  return usesLeft === 0 ? "used-up" : "good";
}
