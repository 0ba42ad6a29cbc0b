import type { Identity } from "./identity.ts";

/** Who is logged in: somebody whom the authenticators know, or who came by the unix socket. */
export type Login =
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "local"; readonly uid: number };

/** A login of an operator as it outlives the process that took it. */
export interface KeptSession {
  /** SHA-256 of the cookie's secret, in base64url. */
  readonly hash: string;
  /** An identity is sealed with that secret, see AuthenticatorChain. */
  readonly login: Login;
  /** Both Unix milliseconds. */
  readonly endsMs: number;
  readonly seenMs: number;
}

/** Where the logins of operators are kept from start to start. */
export interface SessionStore {
  /** What the process before us kept; nothing if that cannot be trusted. Never throws. */
  load(): readonly KeptSession[];
  /** Keeps these and no others. Done when it resolves, or told in the log; never rejects. */
  keep(sessions: readonly KeptSession[]): Promise<void>;
}

/** Logins end with the process. */
export const NO_SESSION_STORE: SessionStore = { load: () => [], keep: async () => {} };
