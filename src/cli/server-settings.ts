import type { PolicyRules } from "../access/policy-rules.ts";
import { WEB_SERVER_DEFAULTS } from "../access/web-server-authenticator.ts";
import { ConfigError } from "../base/errors.ts";
import { type ControlPlace, networkBelow, placesOf } from "../config/control-schema.ts";
import { loadServerConfig } from "../config/load-server-config.ts";
import {
  type AuthenticationConfig,
  type ControlConfig,
  DEFAULT_SERVER_CONFIG,
  NETWORK_DEFAULTS,
  type ServerConfig,
} from "../config/server-config.ts";
import { GUARD_DEFAULTS, type GuardOptions } from "../guard/guard-options.ts";
import { formatListenAddress, isLocalOnly, type ListenAddress } from "../transport/listen-address.ts";
import { type IpPrefix, parseIpPrefix } from "../wire/ip-prefix.ts";
import type { CongestionChoice } from "./congestion.ts";
import type { LogFormat, LogLevel } from "./log.ts";

/** A server as its command line describes it, in the new form or in the original's. */
export interface ServerSettings {
  readonly config: string | undefined;
  readonly listen: readonly ListenAddress[];
  readonly stateDir: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tap: string | undefined;
  readonly addresses: readonly string[];
  readonly mtu: number | undefined;
  readonly bridge: boolean;
  readonly exec: string | undefined;
  readonly broadcast: boolean;
  readonly multicast: boolean;
  readonly uid: string | undefined;
  readonly gid: string | undefined;
  readonly auth: readonly AuthenticationConfig[];
  readonly trustedProxies: readonly IpPrefix[];
  readonly socketUsers: readonly string[];
  readonly allowAnonymous: boolean;
  readonly allowBridge: boolean;
  /** The original's command line: who was let in there could be a bridge to a network with routers and DHCP of its own. */
  readonly isLegacy: boolean;
  readonly control: readonly ControlPlace[];
  readonly controlPath: string | undefined;
  /** Beside those of the file. */
  readonly admins: readonly string[];
  /** Undefined: what the file says, or the default. */
  readonly congestion: CongestionChoice | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** The flags that say what a configuration file would. */
const FILE_FLAGS: readonly (readonly [flag: string, isGiven: (settings: ServerSettings) => boolean])[] = [
  ["--tap", ({ tap }) => tap !== undefined],
  ["--address", ({ addresses }) => addresses.length > 0],
  ["--mtu", ({ mtu }) => mtu !== undefined],
  ["--bridge", ({ bridge }) => bridge],
  ["--no-broadcast", ({ broadcast }) => !broadcast],
  ["--no-multicast", ({ multicast }) => !multicast],
  ["--auth", ({ auth }) => auth.length > 0],
  ["--trusted-proxy", ({ trustedProxies }) => trustedProxies.length > 0],
  ["--socket-user", ({ socketUsers }) => socketUsers.length > 0],
  ["--allow-bridge", ({ allowBridge }) => allowBridge],
];

/** Those of common web servers on common systems; who is not there is passed over. */
const WEB_SERVER_USERS = ["www-data", "nginx", "http", "caddy", "haproxy"];
/** Many clients may come from there: those of a web server on this machine. */
export const LOOPBACK = ["127.0.0.0/8", "::1/128"].map(parseIpPrefix).filter((prefix) => prefix !== undefined);

/**
 * A bridge of the original's stands before a network with routers and DHCP servers of its own, whose hosts move from one
 * bridge to another.
 */
const LEGACY_GUARD: GuardOptions = { ...GUARD_DEFAULTS, macOwnership: false, rogueDhcp: false, rogueRouter: false };
const LEGACY_RULES: PolicyRules = { bridge: true, dhcpServer: true, router: true };

/**
 * What is to be served, complete: the file, with what the flags add, or what the flags alone say. Also at a reload. Throws a
 * ConfigError for a file that is wrong, flags that contradict it, and for a server that would let strangers in unasked.
 */
export function serverConfigOf(settings: ServerSettings): ServerConfig {
  const config = settings.config === undefined ? fromFlags(settings) : fromFile(settings, settings.config);
  if (config.listen.length === 0) {
    throw new ConfigError("LISTEN_MISSING", "there is nothing to listen on.", {
      hint: "Give --listen, or listen in the configuration file. Try: vpn-ws server --help",
    });
  }
  checkControl(config);
  return withDefaults(config);
}

/** Whether nobody has to show anything to come in. */
export function isOpen({ authentication, listen, allowAnonymous }: ServerConfig): boolean {
  return allowAnonymous || (authentication.length === 0 && listen.every(isLocalOnly));
}

/** Whether somebody said whose word is believed; else it is this machine's web servers', as the original would. */
export function areProxiesListed({ trustedProxies }: ServerConfig): boolean {
  return trustedProxies !== LOOPBACK;
}

/** Listeners that other machines reach, although whoever reaches them is in. */
export function exposedListeners(config: ServerConfig): readonly string[] {
  if (!config.allowAnonymous && config.authentication.length > 0) return [];
  return config.listen.filter((address) => !isLocalOnly(address)).map((address) => formatListenAddress(address));
}

/** Fails closed: where others reach the control API, somebody must be able to show who he is, and be listed. */
function checkControl({ control, authentication, networks }: ServerConfig): void {
  const network = networkBelow(control.path, networks);
  if (network !== undefined) {
    const message = `--control-path ${control.path} is where clients of the network ${network.name} go.`;
    throw new ConfigError("CONTROL_PATH_TAKEN", message, { hint: "Give another path." });
  }
  const exposed = control.listen.find((address) => !isLocalOnly(address));
  if (exposed === undefined) return;
  const where = formatListenAddress(exposed);
  if (authentication.length > 0 && control.admins.length + control.viewers.length > 0) return;
  throw new ConfigError(
    "CONTROL_EXPOSED",
    `${where} is for operators, is reachable from other machines, and nobody could log in.`,
    {
      hint: "Say who they are with --auth and --admin, or listen on 127.0.0.1.",
    },
  );
}

/** What flags say of the control API, over what the file says. */
function controlOf({ control, controlPath, admins }: ServerSettings, base: ControlConfig): ControlConfig {
  return {
    ...base,
    ...(control.length > 0 ? placesOf(control) : {}),
    path: controlPath ?? base.path,
    admins: [...base.admins, ...admins],
  };
}

function fromFlags(settings: ServerSettings): ServerConfig {
  const { tap, addresses, mtu, bridge, broadcast, multicast, isLegacy, allowBridge } = settings;
  const network = {
    ...NETWORK_DEFAULTS,
    name: "default",
    path: undefined,
    tap,
    addresses,
    mtu,
    bridge,
    broadcast,
    multicast,
  };
  const defaults = isLegacy ? LEGACY_RULES : { bridge: allowBridge };
  return {
    ...DEFAULT_SERVER_CONFIG,
    listen: settings.listen,
    stateDir: settings.stateDir,
    congestion: settings.congestion,
    tls: { ...DEFAULT_SERVER_CONFIG.tls, certificate: settings.tlsCert, key: settings.tlsKey },
    trustedProxies: settings.trustedProxies,
    socketUsers: settings.socketUsers,
    allowAnonymous: settings.allowAnonymous,
    authentication: settings.auth,
    control: controlOf(settings, DEFAULT_SERVER_CONFIG.control),
    networks: [network],
    policy: { networks: [network], defaults, groups: [], users: [] },
    guard: isLegacy ? LEGACY_GUARD : GUARD_DEFAULTS,
  };
}

function fromFile(settings: ServerSettings, path: string): ServerConfig {
  const [contradiction] = FILE_FLAGS.find(([, isGiven]) => isGiven(settings)) ?? [];
  if (contradiction !== undefined) {
    throw new ConfigError("FLAG_AND_FILE", `${contradiction} cannot be given beside --config.`, {
      hint: `Say it in ${path}, so that a reload does not forget it.`,
    });
  }
  const config = loadServerConfig(path);
  const { tlsCert, tlsKey, listen, stateDir, allowAnonymous, congestion } = settings;
  if (congestion !== undefined && config.congestion !== undefined) {
    throw new ConfigError("FLAG_AND_FILE", `--congestion and the key congestion of ${path} say two things.`, {
      hint: "Give one of them.",
    });
  }
  const hasTls = tlsCert !== undefined || tlsKey !== undefined;
  return {
    ...config,
    listen: listen.length > 0 ? listen : config.listen,
    stateDir: stateDir ?? config.stateDir,
    congestion: congestion ?? config.congestion,
    tls: hasTls ? { ...config.tls, certificate: tlsCert, key: tlsKey } : config.tls,
    allowAnonymous: allowAnonymous || config.allowAnonymous,
    control: controlOf(settings, config.control),
  };
}

/** Without any authentication a web server on this machine is asked for names, as the original would. */
function withDefaults(config: ServerConfig): ServerConfig {
  const socketUsers = config.socketUsers.length > 0 ? config.socketUsers : WEB_SERVER_USERS;
  if (config.authentication.length > 0) return { ...config, socketUsers };
  const trustedProxies = config.trustedProxies.length > 0 ? config.trustedProxies : LOOPBACK;
  return { ...config, socketUsers, trustedProxies };
}

/** Parses one value of `--auth`: `tokens`, `web-server` or `htpasswd=FILE`. Undefined if it is none. */
export function parseAuth(text: string): AuthenticationConfig | undefined {
  if (text === "tokens") return { kind: "tokens" };
  if (text === "web-server") return { kind: "web-server", ...WEB_SERVER_DEFAULTS };
  const file = /^htpasswd=(.+)$/.exec(text)?.[1];
  return file === undefined ? undefined : { kind: "htpasswd", file };
}
