import { Policy } from "../access/policy.ts";
import { BINDINGS_DEFAULTS } from "../guard/bindings.ts";
import { formatIpAddress, parseIpAddress } from "../wire/ip-prefix.ts";
import type { NetworkConfig, ServerConfig } from "./server-config.ts";

/** Addresses that the policy gives away and that can then not be protected, network by network. */
export function addressWarnings({ networks, policy }: ServerConfig): string[] {
  const decided = new Policy(policy);
  return networks.flatMap((network) => warningsOf(network, decided));
}

function warningsOf({ name, addresses }: NetworkConfig, policy: Policy): string[] {
  const owners = new Map(addresses.map((address) => [withoutLength(address), "the server"]));
  const warnings: string[] = [];
  let assigned = addresses.length;
  for (const { user, rules } of policy.assignmentsIn(name)) {
    // An address is one in each VLAN.
    assigned += rules.addresses.length * (rules.vlans?.length ?? 1);
    for (const text of new Set(rules.addresses.map(formatIpAddress))) {
      const owner = owners.get(text);
      if (owner === undefined) owners.set(text, user);
      else warnings.push(`networks.${name}: ${text} is ${owner}'s and ${user}'s: only one of them can have it.`);
    }
  }
  const { maxAssigned } = BINDINGS_DEFAULTS;
  if (assigned <= maxAssigned) return warnings;
  const count = `${assigned} addresses have owners, counted in each VLAN`;
  return [...warnings, `networks.${name}: ${count}: only ${maxAssigned} of them are protected.`];
}

/** The text that `formatIpAddress` has for it, however it was written. */
function withoutLength(address: string): string {
  const bare = address.replace(/\/.*/, "");
  const bytes = parseIpAddress(bare);
  return bytes === undefined ? bare : formatIpAddress(bytes);
}
