import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationMethod, Identity } from "./identity.ts";

/** Why credentials were not taken: stable words for logs; never the credentials themselves. */
export type RefusalReason =
  | "unknown-user"
  | "wrong-password"
  | "unknown-token"
  | "expired"
  | "revoked"
  | "used-up"
  | "malformed"
  | "wrong-signature"
  | "wrong-issuer"
  | "wrong-audience"
  | "wrong-algorithm"
  | "not-yet-valid"
  | "no-user"
  | "unavailable";

export type AuthenticationOutcome =
  | { readonly state: "identified"; readonly identity: Identity }
  /** The request has no credentials of this kind. */
  | { readonly state: "absent" }
  /** It has, and they are no good. `user`: whom they claimed to be, if they said so. */
  | { readonly state: "refused"; readonly reason: RefusalReason; readonly user: string | undefined };

/** One way to find out who asks. */
export interface Authenticator {
  readonly method: AuthenticationMethod;
  /** Rejects only for a fault of ours; the chain then refuses (fail closed). */
  authenticate(request: AccessRequest): Promise<AuthenticationOutcome>;
  /** Whether an identity that this authenticator gave would still be given: false once revoked, removed or expired. */
  isStillGood(identity: Identity, nowMs: number): boolean;
  /**
   * Takes what an identity costs that this authenticator gave, such as the one use of an invite. Asked last, when nothing
   * else speaks against letting it in. Answers why that cannot be had; undefined if it was taken. Rejects as above.
   */
  redeem?(identity: Identity): Promise<RefusalReason | undefined>;
  /** Only where `credentialId` says nothing to another process. See the chain's; the identity is still good. */
  seal?(identity: Identity, key: string): Identity;
  /** See the chain's; undefined if it is not good any more. Rejects if that cannot be found out at the moment. */
  unseal?(sealed: Identity, key: string, nowMs: number): Promise<Identity | undefined>;
}
