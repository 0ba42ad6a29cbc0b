import { isTrustworthyUrl } from "../access/bounded-fetch.ts";
import { formatListenAddress, isLocalOnly, type ListenAddress } from "../transport/listen-address.ts";
import { formatIpPrefix, type IpPrefix } from "../wire/ip-prefix.ts";
import { addressWarnings } from "./address-warnings.ts";
import type { ServerConfig } from "./server-config.ts";

/** No organisation has more of the Internet than this. */
const WIDEST_PREFIX_BITS = { 4: 8, 6: 16 } as const;

/** What is legal and probably not meant, or dangerous: one sentence each. */
export function configWarnings(config: ServerConfig): readonly string[] {
  const exposed = config.listen.filter((address) => !isLocalOnly(address));
  return [
    ...anonymousWarnings(config, exposed),
    ...exposed.filter(({ kind }) => kind === "http").map(cleartextWarning),
    ...config.trustedProxies.filter(isWide).map(proxyWarning),
    ...frontWarnings(config),
    ...certificateWarnings(config),
    ...guardWarnings(config),
    ...emptyNetworkWarnings(config),
    ...hookWarnings(config),
    ...addressWarnings(config),
    ...controlWarnings(config),
  ];
}

function anonymousWarnings(
  { authentication, allowAnonymous }: ServerConfig,
  exposed: readonly ListenAddress[],
): string[] {
  const where = exposed.map((address) => formatListenAddress(address)).join(", ");
  if (exposed.length === 0) return [];
  if (allowAnonymous) return [`allow_anonymous: anyone who reaches ${where} is in without credentials.`];
  if (authentication.length > 0) return [];
  return [`${where} is reachable from other machines and there is no authentication: the server will not start.`];
}

function cleartextWarning(address: ListenAddress): string {
  return `${formatListenAddress(address)} is not encrypted: passwords, tokens and frames can be read on the way.`;
}

/** A password that is read on the way opens the whole server. */
function controlWarnings({ control, authentication }: ServerConfig): string[] {
  const { listen, path, admins, viewers } = control;
  const hasOperators = admins.length + viewers.length > 0;
  const open = listen.filter((address) => address.kind === "http" && !isLocalOnly(address));
  return [
    ...open.map(
      (address) => `control: ${formatListenAddress(address)} is not encrypted: logins can be read on the way.`,
    ),
    ...(path !== undefined && !hasOperators
      ? [`control.path: nobody may look: there are no admins and no viewers.`]
      : []),
    ...(hasOperators && authentication.length === 0
      ? ["control: admins and viewers need authentication, or a web server that says who they are."]
      : []),
  ];
}

function isWide({ version, bits }: IpPrefix): boolean {
  return bits < WIDEST_PREFIX_BITS[version];
}

function proxyWarning(prefix: IpPrefix): string {
  return `trusted_proxies: whoever comes from ${formatIpPrefix(prefix)} can claim to be any user.`;
}

/** A unix listener is a web server's too: who may connect there is believed. */
function frontWarnings({ authentication, trustedProxies, listen }: ServerConfig): string[] {
  const isAsked = authentication.some(({ kind }) => kind === "web-server");
  const isPossible = trustedProxies.length > 0 || listen.some(({ kind }) => kind === "unix");
  return isAsked && !isPossible
    ? ["authentication by web-server finds nobody: there are no trusted_proxies and no unix listener."]
    : [];
}

function certificateWarnings({ authentication, tls }: ServerConfig): string[] {
  return tls.clientCa !== undefined && authentication.every(({ kind }) => kind !== "certificate")
    ? ["tls.client_ca is set, and no authentication of kind certificate uses it."]
    : [];
}

function guardWarnings({ guard }: ServerConfig): string[] {
  if (guard === undefined) return ["guard: off lets every peer forge ARP, DHCP, MACs and addresses of the others."];
  const off = Object.entries(guard).flatMap(([name, value]) => (value === false ? [snakeCase(name)] : []));
  return off.length === 0 ? [] : [`guard: switched off: ${off.join(", ")}.`];
}

/** With several networks, each must be given by name. */
function emptyNetworkWarnings({ networks, policy }: ServerConfig): string[] {
  if (networks.length < 2) return [];
  const levels = [
    policy.defaults,
    ...policy.groups.map(({ rules }) => rules),
    ...policy.users.map(({ rules }) => rules),
  ];
  const given = new Set(levels.flatMap((rules) => rules.networks ?? []));
  return networks
    .filter(({ name }) => !given.has(name))
    .map(({ name }) => `networks.${name}: no rules let anybody join it; add it to somebody's \`networks\`.`);
}

/** The URL itself may be a secret. */
function hookWarnings({ hooks }: ServerConfig): string[] {
  return Object.entries(hooks)
    .filter(([, { webhook }]) => webhook !== undefined && !isTrustworthyUrl(webhook))
    .map(([event]) => `hooks.${event}.webhook is not https: who comes and goes can be read on the way.`);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
