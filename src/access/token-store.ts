import type { TokenRecord } from "./token.ts";

/** What is asked for when a token is made; the rest of its record comes from the store. */
export type NewToken = Pick<TokenRecord, "user" | "kind" | "network" | "groups" | "expiresMs" | "usesLeft"> & {
  readonly invite?: string | undefined;
};

/** One token, with the credential that was given for it or the invite that it was given for; or all of a user. */
export type TokenSelector = { readonly id: string } | { readonly user: string };

export interface CreatedToken {
  readonly record: TokenRecord;
  /** Nobody can tell it again: only its hash is kept. */
  readonly secret: string;
}

/** Where tokens are kept. Several processes may work on one store; each sees at once what the others did. */
export interface TokenStore {
  /** By the hash of the secret that was shown. */
  find(hash: string): TokenRecord | undefined;
  /** Cheap enough to be asked for every peer, every second. */
  findById(id: string): TokenRecord | undefined;
  /** Takes one use of a token that is good; false if it is not, or was used up meanwhile. Only one can take the last use. */
  use(id: string): Promise<boolean>;
  create(token: NewToken): Promise<CreatedToken>;
  /** How many were revoked now, see `TokenSelector`; those that were already do not count. */
  revoke(which: TokenSelector): Promise<number>;
  list(): readonly TokenRecord[];
}
