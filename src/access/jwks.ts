/** The public keys of an issuer of tokens (JSON Web Key Set, RFC 7517, 5). */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { PeerError } from "../base/errors.ts";
import { keyIdOf } from "./key-id.ts";
import type { ValueSource } from "./value-source.ts";

export interface KeySet {
  /**
   * Finds the key that a token's header names by `kid` and `alg`, and only among these: a key or an address in the header
   * itself (jwk, jku, x5u, x5c) is the sender's word. Rejects with jose's JWKSNoMatchingKey, or JWKSMultipleMatchingKeys
   * if the header has no kid and several keys would do.
   */
  readonly keyFor: JWTVerifyGetKey;
  /** Of every key in it; see `keyIdOf`. */
  readonly keyIds: ReadonlySet<string>;
}

/** Where an authenticator finds keys. */
export interface JwksSource {
  /** As a key set's, and rejects with JwksUnavailable too. */
  readonly keyFor: JWTVerifyGetKey;
  /** Whether the issuer still has this key, as far as is known: true while no keys are at hand. */
  hasKey(keyId: string): boolean;
  /** Resolves when keys are at hand. Rejects with JwksUnavailable if they cannot be had. */
  ready(): Promise<void>;
}

/** There are no keys to judge by: nobody's fault who shows a token. */
export class JwksUnavailable extends PeerError {
  constructor(message: string, cause?: unknown) {
    super("JWKS_UNAVAILABLE", message, { cause });
  }
}

/** An issuer has a handful: the one in use, the next, and old ones. */
export const MAX_KEYS = 100;

/** Reads a key set. Throws an Error that says what is wrong with it, without its text: it may hold a secret by mistake. */
export function parseKeySet(text: string): KeySet {
  const value = parseJson(text);
  if (!isKeySet(value)) throw new Error('it is no JSON Web Key Set, an object with an array "keys" of objects');
  if (value.keys.length > MAX_KEYS) throw new Error(`it has more than ${MAX_KEYS} keys`);
  // Members of symmetric and private keys (RFC 7518, 6.4.1, 6.2.2 and 6.3.2).
  if (value.keys.some((key) => "k" in key || "d" in key)) throw new Error("it holds secret keys, give the public ones");
  const keyIds = value.keys.map(keyIdOf).filter((keyId) => keyId !== undefined);
  return { keyFor: createLocalJWKSet(value), keyIds: new Set(keyIds) };
}

/** The keys of a file that is read again when it changes. */
export function jwksOfFile(source: ValueSource<KeySet>): JwksSource {
  return {
    keyFor: (header, token) => source.current().keyFor(header, token),
    hasKey: (keyId) => source.current().keyIds.has(keyId),
    ready: async () => {},
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of the SyntaxError quotes the text.
    throw new Error("it is no JSON");
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== "object" || value === null || !("keys" in value) || !Array.isArray(value.keys)) return false;
  return value.keys.every((key) => typeof key === "object" && key !== null && !Array.isArray(key));
}
