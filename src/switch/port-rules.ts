import type { IpPrefix, IpVersion } from "../wire/ip-prefix.ts";
import type { Mac } from "../wire/mac.ts";

/** Inclusive, 0 to 65535. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** One line of an access list. A rule matches an IP packet if everything it names does; what it does not name is any. */
export interface AclRule {
  readonly action: "allow" | "deny";
  /** Whose packets: those the peer sends, those it is sent, or both. */
  readonly direction: "from-peer" | "to-peer" | "both";
  readonly ipVersion: IpVersion | undefined;
  /** IP protocol number, e.g. 6 for TCP. */
  readonly protocol: number | undefined;
  /** Empty: any. */
  readonly source: readonly IpPrefix[];
  readonly destination: readonly IpPrefix[];
  /** Of TCP, UDP and SCTP. Empty: any. */
  readonly sourcePorts: readonly PortRange[];
  readonly destinationPorts: readonly PortRange[];
}

/** A token bucket. */
export interface RateLimit {
  readonly bytesPerSecond: number;
  /** What may come at once. */
  readonly burstBytes: number;
}

/** A burst of a quarter of a second lets TCP reach the rate; the least is two of the largest frames. */
const DEFAULT_BURST_SECONDS = 0.25;
const DEFAULT_LEAST_BURST_BYTES = 2 ** 17;

/** The burst that fits a rate of so many bytes per second. */
export function defaultBurstBytes(bytesPerSecond: number): number {
  return Math.max(DEFAULT_LEAST_BURST_BYTES, Math.round(bytesPerSecond * DEFAULT_BURST_SECONDS));
}

/** What the attachment behind a port may do; complete values, no names left to look up. */
export interface PortRules {
  /** Whether it may be a bridge. */
  readonly bridge: boolean;
  /** The only source addresses it may use; undefined: any. */
  readonly macs: readonly Mac[] | undefined;
  /** Most source addresses of a bridge. */
  readonly maxMacs: number;
  /** The only IP source addresses it may use; undefined: any. Unspecified and link-local ones are always allowed. */
  readonly sourcePrefixes: readonly IpPrefix[] | undefined;
  /** IP addresses that are this user's and nobody else's, 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  /** Reaches the uplink, and no other port. */
  readonly isolated: boolean;
  /** What it sends. */
  readonly up: RateLimit | undefined;
  /** What it is sent. */
  readonly down: RateLimit | undefined;
  /** The only ethertypes, behind VLAN tags, in both directions; undefined: any. */
  readonly etherTypes: readonly number[] | undefined;
  /** The only VLAN ids in both directions, 0 standing for untagged; undefined: any. */
  readonly vlans: readonly number[] | undefined;
  /** The first rule that matches decides; if a direction has rules and none matches, the packet is dropped. */
  readonly acl: readonly AclRule[];
  /** May answer DHCP. */
  readonly dhcpServer: boolean;
  /** May send router advertisements and redirects. */
  readonly router: boolean;
}

/** What a peer may do when nothing else was said. */
export const DEFAULT_PORT_RULES: PortRules = {
  bridge: false,
  macs: undefined,
  maxMacs: 256,
  sourcePrefixes: undefined,
  addresses: [],
  isolated: false,
  up: undefined,
  down: undefined,
  etherTypes: undefined,
  vlans: undefined,
  acl: [],
  dhcpServer: false,
  router: false,
};
