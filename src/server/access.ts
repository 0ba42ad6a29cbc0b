import type { AuthenticatorChain } from "../access/authenticator-chain.ts";
import { isFrontTrusted } from "../access/front.ts";
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
  /** Whose word about their clients is believed, over TCP, and who may stay that came with it. */
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

/** How a connection came to us. */
export interface Way {
  readonly origin: Origin;
  /** Whether the word of a web server there was believed about who it is. */
  readonly isVouchedFor: boolean;
}

/** Why a way is closed: to a user of this machine, or to a web server elsewhere. */
export type WayFault = "not-a-socket-user" | "not-a-trusted-proxy";

/** Why connections may not stand, or begin, that come this way; undefined if they may. */
export function wayFault(
  { mayConnect, trustedProxies }: Pick<Access, "mayConnect" | "trustedProxies">,
  { origin, isVouchedFor }: Way,
): WayFault | undefined {
  if (origin.kind === "unix") return mayConnect(origin.uid) ? undefined : "not-a-socket-user";
  return !isVouchedFor || isFrontTrusted(origin, trustedProxies) ? undefined : "not-a-trusted-proxy";
}
