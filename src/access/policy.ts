import { DEFAULT_PORT_RULES, type PortRules } from "../switch/port-rules.ts";
import { parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";
import type { Grant, GrantDecision } from "./grant.ts";
import { ANONYMOUS, type Identity } from "./identity.ts";
import { canonicalPath } from "./policy-path.ts";
import type { PolicyData, PolicyGroup, PolicyNetwork, PolicyRules } from "./policy-rules.ts";

/** Where and when somebody asks to come in. */
export interface Visit {
  /** IP address of the client; empty if nobody knows. */
  readonly address: string;
  /** Path of the request, percent-encoded as it came; a query does not matter. */
  readonly path: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** Addresses that the policy gives to a user. */
export interface Assignment {
  readonly user: string;
  readonly rules: Pick<PortRules, "addresses" | "vlans">;
}

/** Why the policy lets somebody not in. Stable words. */
type DenialReason = "denied" | "expired" | "from-elsewhere" | "no-network" | "not-in-network";

/** What is said to the peer: nothing about other users, other networks or the rules. */
const MESSAGES: Readonly<Record<DenialReason, string>> = {
  denied: "This user may not join.",
  expired: "This user's access has ended.",
  "from-elsewhere": "This user may not join from this address.",
  "no-network": "There is no network that this user may join.",
  "not-in-network": "This user may not join this network.",
};

/** The network of a server whose configuration names none. */
export const DEFAULT_NETWORK: PolicyNetwork = { name: "default", path: undefined };

/** Enough for an account that many machines share; one account alone does not fill the server. */
const DEFAULT_SESSIONS = 64;

/** All peers without a name share one user: only the server's own limits hold for them. */
const ANONYMOUS_SESSIONS = 65_536;

/**
 * Decides what an identity may do: defaults ◄ its groups in the file's order ◄ its own rules, each level replacing
 * what the one before it said. Two things do not follow that rule: the networks of several groups add up, and `deny` of
 * any level holds unless the user's own rules say `deny: false`.
 */
export class Policy {
  readonly #defaults: PolicyRules;
  readonly #groups: readonly PolicyGroup[];
  readonly #users: ReadonlyMap<string, PolicyRules>;
  /** The groups of a user by the file. */
  readonly #memberOf = new Map<string, Set<string>>();
  readonly #networks: readonly string[];
  readonly #networkOfPath = new Map<string, string>();

  constructor(data: PolicyData) {
    const networks = data.networks.length === 0 ? [DEFAULT_NETWORK] : data.networks;
    this.#defaults = data.defaults;
    this.#groups = data.groups;
    this.#users = new Map(data.users.map(({ name, rules }) => [name, rules]));
    this.#networks = networks.map(({ name }) => name);
    for (const { name, path } of networks) if (path !== undefined) this.#networkOfPath.set(canonicalPath(path), name);
    for (const { name, members } of data.groups) for (const member of members) this.#enrol(member, name);
  }

  /** What the identity may do if it comes like this; also asked again for those who are in, after a reload. */
  decide(identity: Identity, visit: Visit): GrantDecision {
    const rules = this.#rulesOf(identity);
    if (rules.deny === true) return denied("denied");
    const expiresMs = earliest(rules.expiresMs, identity.expiresMs);
    if (expiresMs !== undefined && visit.nowMs >= expiresMs) return denied("expired");
    if (!mayComeFrom(rules, visit.address)) return denied("from-elsewhere");
    const allowed = this.#allowedNetworks(rules);
    const [first] = allowed;
    if (first === undefined) return denied("no-network");
    const network = identity.network ?? this.#networkOfPath.get(canonicalPath(visit.path)) ?? first;
    if (!allowed.includes(network)) return denied("not-in-network");
    return { state: "granted", grant: makeGrant(identity, rules, network, expiresMs) };
  }

  /** The users of a network that have addresses of their own there, whether they are connected or not. */
  assignmentsIn(network: string): readonly Assignment[] {
    const assignments: Assignment[] = [];
    for (const [user, { addresses }] of this.#users) {
      if (addresses === undefined) continue;
      const rules = this.#rulesOf({ user, groups: [] });
      if (rules.deny !== true && this.#allowedNetworks(rules).includes(network)) {
        assignments.push({ user, rules: { addresses, vlans: rules.vlans } });
      }
    }
    return assignments;
  }

  /** Whether somebody is in a group, by his credentials or by the file. */
  isIn({ user, groups }: Pick<Identity, "user" | "groups">, group: string): boolean {
    return groups.includes(group) || this.#memberOf.get(user)?.has(group) === true;
  }

  #enrol(user: string, group: string): void {
    const groups = this.#memberOf.get(user) ?? new Set();
    this.#memberOf.set(user, groups.add(group));
  }

  /** The rules of all levels in one. */
  #rulesOf(identity: Pick<Identity, "user" | "groups">): PolicyRules {
    const levels = this.#groups.filter(({ name }) => this.isIn(identity, name)).map(({ rules }) => rules);
    const own = this.#users.get(identity.user) ?? {};
    const stated = levels.flatMap(({ networks }) => (networks === undefined ? [] : [networks]));
    return {
      ...Object.assign({}, this.#defaults, ...levels, own),
      networks: own.networks ?? (stated.length > 0 ? stated.flat() : this.#defaults.networks),
      deny: own.deny ?? [this.#defaults, ...levels].some(({ deny }) => deny === true),
    };
  }

  /** Where nothing is said and there is but one network, it is meant; with several, each must be given by name. */
  #allowedNetworks({ networks }: PolicyRules): readonly string[] {
    if (networks === undefined) return this.#networks.length === 1 ? this.#networks : [];
    return networks.filter((name) => this.#networks.includes(name));
  }
}

function denied(reason: DenialReason): GrantDecision {
  return { state: "denied", reason, message: MESSAGES[reason] };
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** Fails closed: an address that nobody knows is in no prefix. */
function mayComeFrom({ from }: PolicyRules, address: string): boolean {
  if (from === undefined) return true;
  const bytes = parseIpAddress(address);
  return bytes !== undefined && somePrefixHolds(from, bytes);
}

function makeGrant({ user }: Identity, rules: PolicyRules, network: string, expiresMs: number | undefined): Grant {
  return {
    network,
    rules: portRules(rules),
    sessions: rules.sessions ?? (user === ANONYMOUS ? ANONYMOUS_SESSIONS : DEFAULT_SESSIONS),
    // A client whose line was cut must not be locked out by what is left of its last session.
    yields: rules.yields ?? "oldest",
    expiresMs,
  };
}

function portRules(rules: PolicyRules): PortRules {
  return {
    bridge: rules.bridge ?? DEFAULT_PORT_RULES.bridge,
    macs: rules.macs,
    maxMacs: rules.maxMacs ?? DEFAULT_PORT_RULES.maxMacs,
    sourcePrefixes: rules.sourcePrefixes,
    addresses: rules.addresses ?? DEFAULT_PORT_RULES.addresses,
    isolated: rules.isolated ?? DEFAULT_PORT_RULES.isolated,
    up: rules.up,
    down: rules.down,
    etherTypes: rules.etherTypes,
    vlans: rules.vlans,
    acl: rules.acl ?? DEFAULT_PORT_RULES.acl,
    dhcpServer: rules.dhcpServer ?? DEFAULT_PORT_RULES.dhcpServer,
    router: rules.router ?? DEFAULT_PORT_RULES.router,
  };
}
