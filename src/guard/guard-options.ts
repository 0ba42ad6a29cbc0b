/** A budget of frames: `perSecond` in the long run, `burst` at once. A super-frame costs what its segments would. */
export interface FrameBudget {
  readonly perSecond: number;
  readonly burst: number;
}

/** What the guard of a network watches. Each rule can be switched off by itself. */
export interface GuardOptions {
  /** A MAC belongs to the user that had it last; nobody takes the uplink's. Drop: mac-not-yours. */
  readonly macOwnership: boolean;
  /** How long a MAC stays its user's after the last session that had it. */
  readonly macOwnershipMs: number;
  /** Drop: reserved-destination. */
  readonly reservedDestinations: boolean;
  /** Drop: rogue-dhcp. */
  readonly rogueDhcp: boolean;
  /** Drop: rogue-router. */
  readonly rogueRouter: boolean;
  /** Drop: arp-spoof. */
  readonly arpSpoofing: boolean;
  /** Drop: neighbour-spoof. */
  readonly neighbourSpoofing: boolean;
  /** Drop: ip-spoof. */
  readonly ipSpoofing: boolean;
  /** Drop: unparsable. */
  readonly unparsableHeaders: boolean;
  /** Budgets per port. Drops: storm-broadcast, storm-multicast, storm-unknown. */
  readonly stormControl: boolean;
  readonly broadcast: FrameBudget;
  readonly multicast: FrameBudget;
  readonly unknownUnicast: FrameBudget;
  /** New source MACs per port, how fast they come; how many there may be is policy. Drop: new-mac-rate. */
  readonly newMacs: boolean;
  readonly newMacBudget: FrameBudget;
  /** A MAC that flaps between ports, or our own probe that comes back, shuts the port. Drops: port-shut, loop-probe. */
  readonly loopDetection: boolean;
  /** First time a port stays shut; doubled each time, up to `maxShutMs`. */
  readonly shutMs: number;
  readonly maxShutMs: number;
}

/** Budgets far above what a LAN host sends (ARP, mDNS, DHCP, streams by multicast), far below what a loop does. */
export const GUARD_DEFAULTS: GuardOptions = {
  macOwnership: true,
  macOwnershipMs: 3_600_000,
  reservedDestinations: true,
  rogueDhcp: true,
  rogueRouter: true,
  arpSpoofing: true,
  neighbourSpoofing: true,
  ipSpoofing: true,
  unparsableHeaders: true,
  stormControl: true,
  broadcast: { perSecond: 500, burst: 2_000 },
  multicast: { perSecond: 2_000, burst: 8_000 },
  unknownUnicast: { perSecond: 2_000, burst: 8_000 },
  newMacs: true,
  newMacBudget: { perSecond: 50, burst: 512 },
  loopDetection: true,
  shutMs: 30_000,
  maxShutMs: 300_000,
};

/** The guard switched off: policy still holds, but nothing is watched. */
export const GUARD_OFF: GuardOptions = {
  ...GUARD_DEFAULTS,
  macOwnership: false,
  reservedDestinations: false,
  rogueDhcp: false,
  rogueRouter: false,
  arpSpoofing: false,
  neighbourSpoofing: false,
  ipSpoofing: false,
  unparsableHeaders: false,
  stormControl: false,
  newMacs: false,
  loopDetection: false,
};
