/**
 * Access lists: what a peer may send and be sent, by IP address, protocol and port. Stateless: the answers to what is
 * allowed one way need a rule the other way, if that way has rules. So does IPv6 neighbour discovery, which is ICMPv6.
 *
 *     no rules for the direction ─► passes
 *     not all headers could be read ─► denied: nothing unparsable matches an allow, and there is no other way to pass
 *     no IP ─► passes: that is the ethertype filter's
 *     first rule that matches ─► its action          (remembered for the flow)
 *     none ─► denied
 *
 * A later fragment has no ports, and matches no rule that names some, allow or deny: without its first fragment, which
 * has them and is judged by them, nobody can put it together.
 */
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { ConfigError } from "../base/errors.ts";
import type { AclRule, PortRange } from "../switch/port-rules.ts";
import { type IpPrefix, prefixHolds } from "../wire/ip-prefix.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { FlowCache, Verdict } from "./flow-cache.ts";
import { isReadAlike } from "./snap-header.ts";

/** Rules of one peer. */
export const MAX_ACL_RULES = 256;
/**
 * Prefixes and port ranges in all rules of one peer. A packet of a new flow is compared with each at worst, and a
 * stranger can make every packet one of a new flow: at about 10 ns each, this bounds it to 10 µs.
 */
export const MAX_ACL_PARTS = 1024;

export class AccessList {
  readonly #fromPeer: Direction | undefined;
  readonly #toPeer: Direction | undefined;

  /** `seed`: 32 random bits, for the hash of flows. Throws a ConfigError for more rules than there may be. */
  constructor(rules: readonly AclRule[], seed: number = randomSeed()) {
    checkSize(rules);
    this.#fromPeer = directionOf(rules, "from-peer", seed);
    this.#toPeer = directionOf(rules, "to-peer", seed);
  }

  /** Judges a frame that the peer sent. */
  fromPeer(headers: PacketHeaders): DropReason {
    return this.#fromPeer === undefined ? Drop.none : this.#fromPeer.judge(headers);
  }

  /** Judges a frame that the peer is about to be sent. */
  toPeer(headers: PacketHeaders): DropReason {
    return this.#toPeer === undefined ? Drop.none : this.#toPeer.judge(headers);
  }
}

/** The rules of one direction, at least one. They never change, so verdicts may be remembered. */
class Direction {
  readonly #rules: readonly AclRule[];
  readonly #flows: FlowCache;

  constructor(rules: readonly AclRule[], seed: number) {
    this.#rules = rules;
    this.#flows = new FlowCache(seed);
  }

  judge(headers: PacketHeaders): DropReason {
    if (!isReadAlike(headers)) return Drop.aclDenied;
    if (headers.ipVersion === 0) return Drop.none;
    let verdict = this.#flows.lookUp(headers);
    if (verdict === Verdict.unknown) {
      verdict = this.#decide(headers);
      this.#flows.remember(verdict);
    }
    return verdict === Verdict.allow ? Drop.none : Drop.aclDenied;
  }

  #decide(headers: PacketHeaders): Verdict {
    for (const rule of this.#rules) {
      if (matches(rule, headers)) return rule.action === "allow" ? Verdict.allow : Verdict.deny;
    }
    return Verdict.deny;
  }
}

/** Whether the packet is known to be all that the rule names. Unknown fields are −1, and match nothing. */
function matches(rule: AclRule, headers: PacketHeaders): boolean {
  if (rule.ipVersion !== undefined && rule.ipVersion !== headers.ipVersion) return false;
  if (rule.protocol !== undefined && rule.protocol !== headers.protocol) return false;
  return (
    somePrefix(rule.source, headers, headers.sourceIp) &&
    somePrefix(rule.destination, headers, headers.destinationIp) &&
    someRange(rule.sourcePorts, headers.sourcePort) &&
    someRange(rule.destinationPorts, headers.destinationPort)
  );
}

function somePrefix(prefixes: readonly IpPrefix[], { bytes, ipVersion }: PacketHeaders, at: number): boolean {
  for (const prefix of prefixes) if (prefix.version === ipVersion && prefixHolds(prefix, bytes, at)) return true;
  return prefixes.length === 0;
}

function someRange(ranges: readonly PortRange[], port: number): boolean {
  for (const { from, to } of ranges) if (port >= from && port <= to) return true;
  return ranges.length === 0;
}

function directionOf(rules: readonly AclRule[], name: "from-peer" | "to-peer", seed: number): Direction | undefined {
  const own = rules.filter(({ direction }) => direction === name || direction === "both");
  return own.length === 0 ? undefined : new Direction(own, seed);
}

/** Prefixes and port ranges in all rules together. */
export function aclParts(rules: readonly AclRule[]): number {
  return rules.reduce((sum, rule) => sum + partsOf(rule), 0);
}

function checkSize(rules: readonly AclRule[]): void {
  const parts = aclParts(rules);
  if (rules.length <= MAX_ACL_RULES && parts <= MAX_ACL_PARTS) return;
  const had = `${rules.length} rules with ${parts} prefixes and port ranges`;
  throw new ConfigError("ACL_TOO_LONG", `cannot use an access list of ${had}: every new flow would be slow.`, {
    hint: `At most ${MAX_ACL_RULES} rules and ${MAX_ACL_PARTS} prefixes and port ranges in all. Use shorter prefixes.`,
  });
}

function partsOf({ source, destination, sourcePorts, destinationPorts }: AclRule): number {
  return source.length + destination.length + sourcePorts.length + destinationPorts.length;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}
