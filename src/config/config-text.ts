/** What a configuration means, in lines for people, and as JSON. */
import type { Grant } from "../access/grant.ts";
import type { AclRule, PortRange, RateLimit } from "../switch/port-rules.ts";
import { formatListenAddress } from "../transport/listen-address.ts";
import { formatIpAddress, formatIpPrefix, type IpPrefix } from "../wire/ip-prefix.ts";
import { formatEtherType } from "./ether-type-name.ts";
import { formatIpProtocol } from "./ip-protocol-name.ts";
import { formatRate } from "./parse-rate.ts";
import type { NetworkConfig, ServerConfig } from "./server-config.ts";

/** A label and what is said about it. */
export type Line = readonly [label: string, text: string];

export function describeConfig(config: ServerConfig): readonly Line[] {
  const { policy, guard } = config;
  return [
    [
      "listen",
      commas(
        config.listen.map((address) => formatListenAddress(address)),
        "as on the command line",
      ),
    ],
    ["networks", commas(config.networks.map(describeNetwork), "none")],
    [
      "authentication",
      commas(
        config.authentication.map(({ kind }) => kind),
        "none",
      ),
    ],
    ["policy", `${count(policy.groups.length, "group")}, ${count(policy.users.length, "user")}`],
    ["guard", guard === undefined ? "off" : "on"],
  ];
}

export function describeGrant({ network, rules, sessions, yields, expiresMs }: Grant): readonly Line[] {
  return [
    ["network", network],
    ["until", expiresMs === undefined ? "no end" : new Date(expiresMs).toISOString()],
    ["sessions", `${sessions}, the ${yields} one yields`],
    ["bridge", rules.bridge ? `yes, at most ${rules.maxMacs} MACs` : "no"],
    ["macs", orAny(rules.macs, String)],
    ["source prefixes", orAny(rules.sourcePrefixes, formatIpPrefix)],
    ["addresses", commas(rules.addresses.map(formatIpAddress), "none")],
    ["isolated", yesOrNo(rules.isolated)],
    ["up", describeRate(rules.up)],
    ["down", describeRate(rules.down)],
    ["ethertypes", orAny(rules.etherTypes, formatEtherType)],
    ["vlans", orAny(rules.vlans, (vlan) => (vlan === 0 ? "untagged" : String(vlan)))],
    ["DHCP server", yesOrNo(rules.dhcpServer)],
    ["router", yesOrNo(rules.router)],
    ...rules.acl.map((rule, index): Line => [`acl ${index + 1}`, describeRule(rule)]),
  ];
}

/** Lines in two columns. */
export function formatLines(lines: readonly Line[]): string {
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}\n`).join("");
}

/** JSON of any part of a configuration or a grant, with addresses and prefixes as text. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, (_, part: unknown) => addressText(part), 2)}\n`;
}

function addressText(part: unknown): unknown {
  if (part instanceof Uint8Array) return formatIpAddress(part);
  return isPrefix(part) ? formatIpPrefix(part) : part;
}

function isPrefix(part: unknown): part is IpPrefix {
  return typeof part === "object" && part !== null && "bytes" in part && "bits" in part;
}

function describeNetwork({ name, path, tap }: NetworkConfig): string {
  const details = [path, tap === undefined ? undefined : `TAP ${tap}`].filter((detail) => detail !== undefined);
  return details.length === 0 ? name : `${name} (${details.join(", ")})`;
}

function describeRate(limit: RateLimit | undefined): string {
  return limit === undefined ? "unlimited" : `${formatRate(limit.bytesPerSecond)}, burst ${limit.burstBytes} bytes`;
}

/** `allow from-peer tcp to 10.9.0.1/32 port 22,8000-8099` */
function describeRule(rule: AclRule): string {
  const version = rule.ipVersion === undefined ? "IP" : `IPv${rule.ipVersion}`;
  const words = [
    rule.action,
    rule.direction,
    rule.protocol === undefined ? version : formatIpProtocol(rule.protocol),
    describeSide("from", rule.source, rule.sourcePorts),
    describeSide("to", rule.destination, rule.destinationPorts),
  ];
  return words.filter((word) => word !== "").join(" ");
}

function describeSide(side: string, prefixes: readonly IpPrefix[], ports: readonly PortRange[]): string {
  const where = prefixes.length === 0 ? "any" : prefixes.map(formatIpPrefix).join(",");
  const ranges = ports.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
  if (ranges === "") return prefixes.length === 0 ? "" : `${side} ${where}`;
  return `${side} ${where} port ${ranges}`;
}

function orAny<Value>(values: readonly Value[] | undefined, format: (value: Value) => string): string {
  return values === undefined
    ? "any"
    : commas(
        values.map((value) => format(value)),
        "none",
      );
}

function commas(texts: readonly string[], otherwise: string): string {
  return texts.length === 0 ? otherwise : texts.join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function yesOrNo(flag: boolean): string {
  return flag ? "yes" : "no";
}
