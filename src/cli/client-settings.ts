import { CLIENT_DEFAULTS, type ClientOptions } from "../client/client-options.ts";
import type { ClientConfig } from "../config/client-schema.ts";
import { loadClientConfig } from "../config/load-client-config.ts";
import { isInvite } from "../transport/invite.ts";
import type { TargetSettings } from "./client-target.ts";
import type { ClientTlsFiles } from "./client-tls.ts";
import { type CongestionChoice, DEFAULT_CONGESTION } from "./congestion.ts";
import { DIALECTS } from "./join-flags.ts";
import type { LogFormat, LogLevel } from "./log.ts";
import type { PinSettings } from "./pinned-way.ts";
import { WAY_SETTINGS_DEFAULTS, type WaySettings } from "./way-settings.ts";

/** A client as its command line and its configuration file describe it. */
export interface ClientSettings extends TargetSettings, ClientTlsFiles, WaySettings, PinSettings {
  readonly race: boolean;
  readonly connections: ClientOptions["connections"];
  readonly tap: string | undefined;
  readonly addresses: readonly string[];
  readonly mtu: number | undefined;
  readonly bridge: boolean;
  readonly congestion: CongestionChoice;
  readonly exec: string | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** What neither says. */
export const CLIENT_SETTINGS_DEFAULTS: ClientSettings = Object.freeze({
  ...WAY_SETTINGS_DEFAULTS,
  targets: [],
  inviteFile: undefined,
  stateDir: undefined,
  pins: [],
  verify: true,
  ca: undefined,
  crt: undefined,
  key: undefined,
  authFile: undefined,
  tokenFile: undefined,
  dialects: DIALECTS.auto,
  race: CLIENT_DEFAULTS.race,
  connections: CLIENT_DEFAULTS.connections,
  pinRoute: true,
  tap: undefined,
  addresses: [],
  mtu: undefined,
  bridge: CLIENT_DEFAULTS.bridge,
  congestion: DEFAULT_CONGESTION,
  exec: undefined,
  logFormat: "pretty",
  logLevel: "info",
});

/**
 * The flags' settings, and where they say nothing those of the file. A list of the flags takes the place of the file's
 * whole list; so do flags about where to go, and about what to show there, of all that the file says about it.
 */
export function withConfigFile(path: string, flags: Partial<ClientSettings>): Partial<ClientSettings> {
  const file = configSettings(loadClientConfig(path));
  const isInvited = flags.inviteFile !== undefined || (flags.targets?.some(mayBeInvite) ?? false);
  const saysWhere = flags.targets !== undefined || flags.inviteFile !== undefined;
  const saysWho = flags.authFile !== undefined || flags.tokenFile !== undefined || isInvited;
  return {
    ...file,
    ...(saysWhere ? { targets: [], inviteFile: undefined } : {}),
    ...(saysWho ? { authFile: undefined, tokenFile: undefined } : {}),
    // An invite brings its own.
    ...(isInvited ? { pins: [] } : {}),
    ...flags,
  };
}

function mayBeInvite(target: string): boolean {
  return target === "-" || isInvite(target);
}

/** The file's keys under the names of the settings; what is not there is left out. */
function configSettings(config: ClientConfig): Partial<ClientSettings> {
  const { tls = {}, proxy = {}, log = {} } = config;
  return stated({
    targets: config.servers,
    race: config.race,
    connections: config.connections,
    congestion: config.congestion,
    pinRoute: config.pin_route,
    tap: config.tap,
    addresses: config.addresses,
    mtu: config.mtu,
    bridge: config.bridge,
    exec: config.exec,
    ca: tls.ca,
    crt: tls.certificate,
    key: tls.key,
    pins: tls.pins,
    verify: tls.verify,
    authFile: config.auth_file,
    tokenFile: config.token_file,
    inviteFile: config.invite_file,
    stateDir: config.state_dir,
    dialects: config.protocol === undefined ? undefined : DIALECTS[config.protocol],
    proxy: proxy.url,
    proxyAuthFile: proxy.auth_file,
    proxyCa: proxy.ca,
    headers: config.headers,
    headerFile: config.header_file,
    host: config.host,
    sni: config.sni,
    resolve: config.resolve,
    source: config.source,
    interfaceName: config.interface,
    logFormat: log.format,
    logLevel: log.level,
  });
}

type Loose<Settings> = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };

/** Without what is undefined, or a list of nothing. */
export function stated(settings: Loose<ClientSettings>): Partial<ClientSettings> {
  const isStated = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => isStated(value)));
}
