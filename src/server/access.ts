import type { AuthenticatorChain } from "../access/authenticator-chain.ts";
import type { Identity } from "../access/identity.ts";
import type { Policy } from "../access/policy.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import type { MayConnect, Origin } from "../transport/incoming.ts";
import type { IpPrefix } from "../wire/ip-prefix.ts";

/** A lasting credential for who came with a one-use invite. `token` is secret. */
export interface IssuedCredential {
  readonly token: string;
  readonly user: string;
  /** Unix milliseconds. */
  readonly expiresMs: number | undefined;
}

/** Who may come in and what they may do: replaced as a whole by a reload, never changed in part. */
export interface Access {
  readonly chain: AuthenticatorChain;
  readonly policy: Policy;
  /** Whose word about their clients is believed, over TCP. */
  readonly trustedProxies: readonly IpPrefix[];
  /** Whether their HTTP headers are too. If not, only uwsgi is: whoever speaks that is a web server, or means to be one. */
  readonly trustsHeaders: boolean;
  /** Who may come by a unix socket, and stay who has: users of this machine, such as a web server's. */
  readonly mayConnect: MayConnect;
  /** Values of Origin, beyond the request's own host, whose pages may connect. */
  readonly allowedOrigins: readonly string[];
  readonly guard: GuardOptions;
  /** Values of WWW-Authenticate for a request without credentials. */
  readonly challenges: readonly string[];
  /** Undefined for an identity that needs none. */
  issueCredential(identity: Identity): Promise<IssuedCredential | undefined>;
}

/** Whether connections may stand, or begin, that somebody of this machine brings by a unix socket. TCP is judged by other means. */
export function mayComeFrom({ mayConnect }: Pick<Access, "mayConnect">, origin: Origin): boolean {
  return origin.kind === "tcp" || mayConnect(origin.uid);
}
