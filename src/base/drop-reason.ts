/**
 * Why a frame was lost: a closed list, because "a lost frame is a value with a reason". The values are small
 * integers so that counting one is an array increment; `DROP_NAMES` gives the text that users see.
 */
export const Drop = {
  /** Not dropped. */
  none: 0,
  /** Shorter than an Ethernet header (14 bytes). */
  runt: 1,
  /** Source MAC is zero or broadcast. */
  sourceInvalid: 2,
  /** Destination MAC is zero. */
  destinationInvalid: 3,
  /** Destination equals source. */
  loop: 4,
  /** A pinned port sent from a MAC that is not its own. */
  sourceNotPinned: 5,
  /** Unknown unicast and no bridge port to give it to. */
  noDestination: 6,
  /** The destination is behind the port the frame came from. */
  samePort: 7,
  /** The egress queue of the destination was full. */
  egressFull: 8,
  /** The frame is larger than the destination takes and cannot be segmented. */
  tooBig: 9,
  /** A virtio-net header that lies about its frame, or asks for what we do not know. */
  vnetHeaderInvalid: 10,
  /** A message too short to hold what its protocol says it holds. */
  messageTruncated: 11,
  /** The device refused the frame (link down, kernel out of memory). */
  deviceRefused: 12,
  /** The port is closing or not connected. */
  portClosed: 13,
  /** Destination is a link-local group that no bridge forwards (01:80:c2:00:00:00 to 0f, IEEE 802.1Q 8.6.3). */
  reservedDestination: 14,
  /** The source MAC belongs to another user, or to the uplink. */
  macNotYours: 15,
  /** The source MAC is not one that the policy allows. */
  macNotAllowed: 16,
  /** The bridge has as many source MACs as it may have. */
  tooManyMacs: 17,
  /** New source MACs come faster than they may. */
  newMacRate: 18,
  /** The policy does not allow the ethertype. */
  ethertypeDenied: 19,
  /** The policy does not allow the VLAN. */
  vlanDenied: 20,
  /** The source IP address is in none of the prefixes that the policy allows. */
  sourceIpDenied: 21,
  /** The access list denies the packet, or it could not be parsed and nothing else allows it. */
  aclDenied: 22,
  /** A DHCP server's message from a port that may not be one. */
  rogueDhcp: 23,
  /** A router advertisement or redirect from a port that may not be a router. */
  rogueRouter: 24,
  /** ARP that claims an IP address of somebody else, or another MAC than its own. */
  arpSpoof: 25,
  /** IPv6 neighbour discovery that claims an address of somebody else, or another MAC than its own. */
  neighbourSpoof: 26,
  /** A source IP address that is bound to somebody else. */
  ipSpoof: 27,
  /** Headers that nobody can check: a first fragment without its whole header chain, fragmented neighbour discovery. */
  unparsable: 28,
  /** More broadcast than the port's budget. */
  stormBroadcast: 29,
  /** More multicast than the port's budget. */
  stormMulticast: 30,
  /** More unknown unicast than the port's budget. */
  stormUnknown: 31,
  /** The port is shut for a while: a loop was found behind it. */
  portShut: 32,
  /** Our own probe came back. */
  loopProbe: 33,
  /** Ingress and egress port are isolated from each other. */
  isolated: 34,
  /** More than the peer may send. */
  rateUp: 35,
  /** More than the peer may be sent. */
  rateDown: 36,
  /** Waited too long among many of its flow (CoDel): the sender is told to slow down. */
  egressLate: 37,
  /** Waited so long that nobody wants it any more. */
  egressStale: 38,
} as const;

export type DropReason = (typeof Drop)[keyof typeof Drop];

/** Text of each reason, by its number; stable, used in metrics and JSON. */
export const DROP_NAMES: readonly string[] = [
  "none",
  "runt",
  "source-invalid",
  "destination-invalid",
  "loop",
  "source-not-pinned",
  "no-destination",
  "same-port",
  "egress-full",
  "too-big",
  "vnet-header-invalid",
  "message-truncated",
  "device-refused",
  "port-closed",
  "reserved-destination",
  "mac-not-yours",
  "mac-not-allowed",
  "too-many-macs",
  "new-mac-rate",
  "ethertype-denied",
  "vlan-denied",
  "source-ip-denied",
  "acl-denied",
  "rogue-dhcp",
  "rogue-router",
  "arp-spoof",
  "neighbour-spoof",
  "ip-spoof",
  "unparsable",
  "storm-broadcast",
  "storm-multicast",
  "storm-unknown",
  "port-shut",
  "loop-probe",
  "isolated",
  "rate-up",
  "rate-down",
  "egress-late",
  "egress-stale",
];

/** One counter per reason; incrementing allocates nothing. */
export class DropCounters {
  readonly #counts = new Float64Array(DROP_NAMES.length);
  #total = 0;

  add(reason: DropReason, frames = 1): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + frames;
    this.#total += frames;
  }

  /** Adds what others have counted. */
  addAll(other: DropCounters): void {
    if (other.#total === 0) return;
    for (let reason = 0; reason < this.#counts.length; reason++) {
      this.#counts[reason] = (this.#counts[reason] as number) + (other.#counts[reason] as number);
    }
    this.#total += other.#total;
  }

  get(reason: DropReason): number {
    return this.#counts[reason] ?? 0;
  }

  /** Frames dropped for any reason. */
  get total(): number {
    return this.#total;
  }

  /** The counters that are not zero, by name. */
  toJSON(): Record<string, number> {
    const result: Record<string, number> = {};
    for (const [reason, name] of DROP_NAMES.entries()) {
      const count = this.#counts[reason] ?? 0;
      if (count > 0) result[name] = count;
    }
    return result;
  }
}
