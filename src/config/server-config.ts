import type { CertificateUser } from "../access/certificate-user.ts";
import { DEFAULT_NETWORK } from "../access/policy.ts";
import type { PolicyData, PolicyNetwork } from "../access/policy-rules.ts";
import type { WebServerOptions } from "../access/web-server-authenticator.ts";
import { GUARD_DEFAULTS, type GuardOptions } from "../guard/guard-options.ts";
import type { ListenAddress } from "../transport/listen-address.ts";
import type { IpPrefix } from "../wire/ip-prefix.ts";
import { deepFreeze } from "./deep-freeze.ts";

/** Files in PEM; paths are absolute. Without certificate and key the server makes its own. */
export interface TlsConfig {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Whoever shows a certificate must show one that these have signed. */
  readonly clientCa: string | undefined;
  readonly clientCrl: string | undefined;
}

/** Where the public keys of an issuer are; "discovery": where its OpenID configuration says. */
export type JwksSource =
  | { readonly kind: "discovery" }
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "url"; readonly url: string };

export interface JwtConfig {
  readonly kind: "jwt";
  /** As the tokens say it, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JwksSource;
  /** Names of claims. */
  readonly userClaim: string;
  readonly groupsClaim: string;
}

/** One authenticator of the chain. */
export type AuthenticationConfig =
  | ({ readonly kind: "web-server" } & WebServerOptions)
  | { readonly kind: "htpasswd"; readonly file: string }
  | { readonly kind: "tokens" }
  | JwtConfig
  | { readonly kind: "certificate"; readonly user: CertificateUser };

/** One switch, isolated from all others. */
export interface NetworkConfig extends PolicyNetwork {
  /** Name of the server's own TAP in it; undefined: it has none. */
  readonly tap: string | undefined;
  /** Addresses of the TAP with their prefix lengths, checked, as text: the device makes of them what the kernel needs. */
  readonly addresses: readonly string[];
  /** Undefined: the default of the server. */
  readonly mtu: number | undefined;
  /** Whether unknown unicast goes to the TAP. */
  readonly bridge: boolean;
  readonly broadcast: boolean;
  readonly multicast: boolean;
}

/** Undefined: the default of the part that has the limit. */
export interface LimitsConfig {
  readonly maxPeers: number | undefined;
  readonly connectionsPerAddress: number | undefined;
  readonly maxConnections: number | undefined;
  readonly handshakeTimeoutMs: number | undefined;
}

/** What happens when a peer comes or goes; both, one or nothing. */
export interface HookConfig {
  /** Run with /bin/sh. */
  readonly exec: string | undefined;
  /** URL that is posted to. Its path may be a secret. */
  readonly webhook: string | undefined;
}

export interface HooksConfig {
  readonly join: HookConfig;
  readonly leave: HookConfig;
}

/** Who looks at the server and steers it, and where. */
export interface ControlConfig {
  readonly listen: readonly ListenAddress[];
  /** Whether root and our own user find us at a socket of this machine. */
  readonly isLocal: boolean;
  /** Where on the main listeners, such as `/admin`. */
  readonly path: string | undefined;
  /** Names of ours, in lower case, that a browser may ask for beside addresses and localhost. */
  readonly hosts: readonly string[];
  /** Names of users, and of groups with `@` in front. */
  readonly admins: readonly string[];
  readonly viewers: readonly string[];
  /** How long a login lasts at most; undefined: the default of the API. */
  readonly sessionMs: number | undefined;
}

/** What the configuration file says: complete, frozen values, no text left to parse. */
export interface ServerConfig {
  readonly listen: readonly ListenAddress[];
  /** Undefined: the default of the command line. */
  readonly stateDir: string | undefined;
  readonly tls: TlsConfig;
  /** Whose X-Remote-User, X-Forwarded-For and uwsgi variables are believed. */
  readonly trustedProxies: readonly IpPrefix[];
  /** Names of users who may connect to unix listeners, beside root and our own. */
  readonly socketUsers: readonly string[];
  /** In the form of a browser's `Origin` header. */
  readonly allowedOrigins: readonly string[];
  readonly allowAnonymous: boolean;
  /** In the order in which they are asked. */
  readonly authentication: readonly AuthenticationConfig[];
  /** At least one. */
  readonly networks: readonly NetworkConfig[];
  readonly policy: PolicyData;
  /** Undefined: switched off. */
  readonly guard: GuardOptions | undefined;
  readonly limits: LimitsConfig;
  readonly hooks: HooksConfig;
  readonly control: ControlConfig;
  /** Undefined: the default of the command line. Whether the kernel has it is seen where it is set. */
  readonly congestion: string | undefined;
}

/** What a network is where the file says nothing. */
export const NETWORK_DEFAULTS = {
  tap: undefined,
  addresses: [],
  mtu: undefined,
  bridge: false,
  broadcast: true,
  multicast: true,
} as const;

const ONLY_NETWORK: NetworkConfig = { ...NETWORK_DEFAULTS, ...DEFAULT_NETWORK };

/** A server without a configuration file, and every key that a file leaves out. */
export const DEFAULT_SERVER_CONFIG: ServerConfig = deepFreeze({
  listen: [],
  stateDir: undefined,
  tls: { certificate: undefined, key: undefined, clientCa: undefined, clientCrl: undefined },
  trustedProxies: [],
  socketUsers: [],
  allowedOrigins: [],
  allowAnonymous: false,
  authentication: [],
  networks: [ONLY_NETWORK],
  policy: { networks: [ONLY_NETWORK], defaults: {}, groups: [], users: [] },
  guard: GUARD_DEFAULTS,
  limits: {
    maxPeers: undefined,
    connectionsPerAddress: undefined,
    maxConnections: undefined,
    handshakeTimeoutMs: undefined,
  },
  control: {
    listen: [],
    isLocal: true,
    path: undefined,
    hosts: [],
    admins: [],
    viewers: [],
    sessionMs: undefined,
  },
  congestion: undefined,
  hooks: { join: { exec: undefined, webhook: undefined }, leave: { exec: undefined, webhook: undefined } },
});
