import { AnonymousAuthenticator } from "../src/access/anonymous-authenticator.ts";
import type { Authenticator } from "../src/access/authenticator.ts";
import { AuthenticatorChain } from "../src/access/authenticator-chain.ts";
import { Policy } from "../src/access/policy.ts";
import type { PolicyData } from "../src/access/policy-rules.ts";
import { WEB_SERVER_DEFAULTS, WebServerAuthenticator } from "../src/access/web-server-authenticator.ts";
import { systemClock } from "../src/base/clock.ts";
import { GUARD_DEFAULTS } from "../src/guard/guard-options.ts";
import type { Access } from "../src/server/access.ts";
import type { IpPrefix } from "../src/wire/ip-prefix.ts";

const LOOPBACK: IpPrefix = { version: 4, bytes: Uint8Array.of(127, 0, 0, 0), bits: 8 };

export interface OpenAccessOptions extends Partial<Access> {
  readonly policyData?: Partial<PolicyData>;
  /** Asked before everybody is let in; default: the web server's word. */
  readonly authenticators?: readonly Authenticator[];
}

/** Everybody on this machine may come in, as a bridge too; what a web server here says is believed. */
export function openAccess({ policyData, authenticators, ...access }: OpenAccessOptions = {}): Access {
  const chain = [
    ...(authenticators ?? [new WebServerAuthenticator(WEB_SERVER_DEFAULTS)]),
    new AnonymousAuthenticator(),
  ];
  return {
    chain: new AuthenticatorChain({ clock: systemClock, onFault: () => {} }, chain),
    policy: new Policy({ networks: [], defaults: { bridge: true }, groups: [], users: [], ...policyData }),
    trustedProxies: [LOOPBACK],
    trustsHeaders: false,
    mayConnect: () => true,
    allowedOrigins: [],
    guard: GUARD_DEFAULTS,
    challenges: [],
    issueCredential: async () => undefined,
    ...access,
  };
}
