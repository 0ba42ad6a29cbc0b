import type { z } from "zod";
import { aclParts, MAX_ACL_PARTS, MAX_ACL_RULES } from "../guard/acl.ts";
import type { AclRule } from "../switch/port-rules.ts";
import type { IpPrefix } from "../wire/ip-prefix.ts";
import { ipPrefix } from "./address-fields.ts";
import { formatIpProtocol, hasPorts, IP_PROTOCOL_NAMES, parseIpProtocol } from "./ip-protocol-name.ts";
import { parseRange } from "./parse-range.ts";
import { list, listOrOne, oneOf, parsed, section } from "./schema-fields.ts";

/** Of one kind in one rule. */
const MAX_PARTS = 64;

const prefixes = listOrOne(ipPrefix, MAX_PARTS).default([]);
const portRange = parsed("port or range of ports such as 8000-8099", (text) => parseRange(text, 0, 65_535));
const ports = listOrOne(portRange, MAX_PARTS).default([]);

/**
 * `{ action: allow, protocol: tcp, to: 10.9.0.1, to_ports: [22, 8000-8099] }`. A rule is about what the peer sends
 * unless it says so: most are, and the answers to what is allowed should not need a second one.
 */
const aclRule: z.ZodType<AclRule> = section({
  action: oneOf("action", ["allow", "deny"]),
  direction: oneOf("direction", ["from-peer", "to-peer", "both"]).default("from-peer"),
  version: parsed("IP version", (text) => (text === "4" ? 4 : text === "6" ? 6 : undefined), ["4", "6"]).optional(),
  protocol: parsed("protocol", parseIpProtocol, IP_PROTOCOL_NAMES).optional(),
  from: prefixes,
  from_ports: ports,
  to: prefixes,
  to_ports: ports,
})
  .transform(
    (rule): AclRule => ({
      action: rule.action,
      direction: rule.direction,
      ipVersion: rule.version,
      protocol: rule.protocol,
      source: rule.from,
      destination: rule.to,
      sourcePorts: rule.from_ports,
      destinationPorts: rule.to_ports,
    }),
  )
  .superRefine(checkPorts)
  .superRefine(checkVersions);

export const accessList = list(aclRule, MAX_ACL_RULES).superRefine(checkSize);

/** As the guard will: a list that it could not take must not wait for the first peer to say so. */
function checkSize(rules: readonly AclRule[], context: z.RefinementCtx): void {
  const parts = aclParts(rules);
  if (parts <= MAX_ACL_PARTS) return;
  const message = `has ${parts} prefixes and ranges of ports in all, ${MAX_ACL_PARTS} is the limit`;
  context.addIssue({ code: "custom", message });
}

function checkPorts({ protocol, sourcePorts, destinationPorts }: AclRule, context: z.RefinementCtx): void {
  if (protocol === undefined || hasPorts(protocol)) return;
  const message = `${formatIpProtocol(protocol)} has no ports`;
  if (sourcePorts.length > 0) context.addIssue({ code: "custom", path: ["from_ports"], message });
  if (destinationPorts.length > 0) context.addIssue({ code: "custom", path: ["to_ports"], message });
}

/** A rule that no packet can match is a slip, and a dangerous one if it denies. */
function checkVersions({ ipVersion, source, destination }: AclRule, context: z.RefinementCtx): void {
  const named: readonly [string, readonly IpPrefix[]][] = [
    ["from", source],
    ["to", destination],
  ];
  for (const [key, prefixes] of named) {
    if (ipVersion === undefined || prefixes.length === 0 || prefixes.some(({ version }) => version === ipVersion))
      continue;
    context.addIssue({ code: "custom", path: [key], message: `has no address of IP version ${ipVersion}` });
  }
  if (source.length === 0 || destination.length === 0) return;
  if (source.some(({ version }) => destination.some((other) => other.version === version))) return;
  context.addIssue({ code: "custom", path: ["to"], message: "has no address of the IP version that `from` has" });
}
