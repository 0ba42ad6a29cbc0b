/** How an identity was established; the name of an authenticator. */
export type AuthenticationMethod = "web-server" | "htpasswd" | "token" | "jwt" | "certificate" | "anonymous";

/** Who a peer is, as an authenticator found. Plain and without secrets: it is logged and shown. */
export interface Identity {
  /** Never empty. An anonymous peer's is "anonymous". */
  readonly user: string;
  readonly groups: readonly string[];
  readonly method: AuthenticationMethod;
  /** The network that the credentials were made for, if they name one. */
  readonly network: string | undefined;
  /** Unix milliseconds when the credentials end; undefined: they do not by themselves. */
  readonly expiresMs: number | undefined;
  /** Tells the credentials from others of the same user (a token's id, a certificate's fingerprint); empty if there is none. */
  readonly credentialId: string;
}

/** The user of peers that nobody authenticated. */
export const ANONYMOUS = "anonymous";
