import type { Clock } from "../base/clock.ts";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { shortenCutPacket } from "../wire/cut-packet.ts";
import { ETHERNET_HEADER_BYTES, isBroadcastMac, isFloodedMulticast, isGroupMac, isZeroMac } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { fitsMtu } from "../wire/frame-size.ts";
import { macHi, macLo } from "../wire/mac.ts";
import { clampMss } from "../wire/mss.ts";
import { FDB_DEFAULTS, type FdbEntry, ForwardingTable, Learned, NO_PORT } from "./fdb.ts";
import { FrameSizes } from "./frame-sizes.ts";
import type { PairObserver } from "./pair-observer.ts";
import { Port, type PortOptions, UNLIMITED_MTU } from "./port.ts";

/**
 * The Ethernet switch. A frame comes in at a port and goes through four steps, each a method below:
 *
 *     forward ─► check addresses ─► guard ─► learn or compare the source ─► decide by destination ─► deliver
 *
 * The rules are the original's: a port that is no bridge is pinned to one MAC; broadcast and multicast (01:00:5e,
 * 33:33) go to every other port unless switched off; known unicast goes to its port; all else, which includes
 * switched-off broadcast and other group addresses, goes to bridge ports only. Ours on top: what a port's guard does not
 * let through is dropped, an isolated port reaches the uplink only, and what is too large for a port is answered
 * or made smaller (see frame-sizes.ts).
 *
 * No I/O and no timers: an ingress calls `forward` for each frame of a batch and then `flush` once; the owner calls
 * `tick` about every second. Egress ports borrow the frames' bytes until `flush`.
 */
export interface SwitchOptions {
  readonly floodBroadcast: boolean;
  readonly floodMulticast: boolean;
  readonly fdbCapacity: number;
  readonly maxLearnedPerPort: number;
  readonly agingMs: number;
  /** MTU of the network: ports that take as much need no look at the segment sizes of TCP. */
  readonly mtu: number;
  /** Most ports at once. */
  readonly maxPorts: number;
  /** 32 random bits for the FDB's hash. */
  readonly hashSeed: number;
}

export const SWITCH_DEFAULTS = {
  floodBroadcast: true,
  floodMulticast: true,
  fdbCapacity: FDB_DEFAULTS.capacity,
  maxLearnedPerPort: FDB_DEFAULTS.maxLearnedPerPort,
  agingMs: FDB_DEFAULTS.agingMs,
  mtu: 1500,
  maxPorts: 4096,
} as const;

export class Switch {
  /** Sees who talks to whom; mostly nobody asks. */
  pairs: PairObserver | undefined;
  readonly #options: SwitchOptions;
  readonly #clock: Clock;
  readonly #fdb: ForwardingTable;
  readonly #sizes: FrameSizes;
  /** By index; a port that left leaves a hole that the next one fills. */
  readonly #ports: (Port | undefined)[] = [];
  /** The ports without holes: what a flood walks. */
  #attached: readonly Port[] = [];
  #bridges: readonly Port[] = [];
  readonly #touched: Port[] = [];
  /** Time as of the last tick; ageing needs no better. */
  #nowMs: number;

  constructor(deps: { readonly clock: Clock }, options: SwitchOptions) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#nowMs = deps.clock.nowMs();
    this.#sizes = new FrameSizes(deps);
    this.#fdb = new ForwardingTable({
      capacity: options.fdbCapacity,
      maxLearnedPerPort: options.maxLearnedPerPort,
      maxPinned: options.maxPorts,
      agingMs: options.agingMs,
      seed: options.hashSeed,
    });
  }

  get ports(): readonly Port[] {
    return this.#attached;
  }

  /** Adds a port, or returns undefined if the switch has no room for one. A MAC it announces is its own from now on. */
  attach(options: PortOptions): Port | undefined {
    if (this.#attached.length >= this.#options.maxPorts) return undefined;
    const hole = this.#ports.indexOf(undefined);
    const index = hole === -1 ? this.#ports.length : hole;
    const port = new Port(index, options);
    this.#ports[index] = port;
    this.#list();
    if (port.ready) this.#fdb.pin(port.macHi, port.macLo, index);
    return port;
  }

  /** Removes a port and everything learned there. Idempotent. */
  detach(port: Port): void {
    if (this.#ports[port.index] !== port) return;
    this.#ports[port.index] = undefined;
    this.#list();
    this.#fdb.forgetPort(port.index);
    this.pairs?.left(port);
    if (port.ready) this.#passOn(port.macHi, port.macLo);
  }

  /** Takes one frame from a port. Borrows it until `flush`. */
  forward(ingress: Port, frame: Frame): void {
    ingress.receivedFrames++;
    ingress.receivedBytes += frame.end - frame.start;
    const drop = this.#accept(ingress, frame);
    if (drop !== Drop.none) ingress.ingressDrops.add(drop);
    ingress.observer?.received(frame, drop);
  }

  /** Ends an ingress batch: every port that was given frames sends them. */
  flush(): void {
    // By pop: setting the length to 0 would free the array's memory, and each batch would allocate it again.
    for (let port = this.#touched.pop(); port !== undefined; port = this.#touched.pop()) {
      port.touched = false;
      port.egress.flush();
    }
  }

  /** Ages the FDB; call it about every second. */
  tick(): void {
    this.#nowMs = this.#clock.nowMs();
    this.#fdb.sweep(this.#nowMs);
  }

  /** The addresses the switch knows, at one port or at all. */
  entries(port?: Port): Iterable<FdbEntry> {
    return this.#fdb.entries(this.#nowMs, port?.index);
  }

  /** How full the forwarding table is. */
  get addresses(): Pick<ForwardingTable, "size" | "learned" | "capacity"> {
    return this.#fdb;
  }

  /** Forgets what was learned at one port or at all, and returns how many addresses that were. */
  forgetLearned(port?: Port): number {
    return this.#fdb.forgetLearned(port?.index);
  }

  /** The port with this index, if one has it now. */
  portAt(index: number): Port | undefined {
    return this.#ports[index];
  }

  /** Where a client came again and its newer port left first, the MAC is the older one's again. */
  #passOn(hi: number, lo: number): void {
    if (this.#fdb.lookup(hi, lo, this.#nowMs) !== NO_PORT) return;
    const heir = this.#attached.find((other) => other.hasMac(hi, lo));
    if (heir !== undefined) this.#fdb.pin(hi, lo, heir.index);
  }

  #accept(ingress: Port, frame: Frame): DropReason {
    const { bytes, start } = frame;
    if (frame.end - start < ETHERNET_HEADER_BYTES) return Drop.runt;
    const sourceHi = macHi(bytes, start + 6);
    const sourceLo = macLo(bytes, start + 6);
    if (isZeroMac(sourceHi, sourceLo) || isBroadcastMac(sourceHi, sourceLo)) return Drop.sourceInvalid;
    if (ingress.segmentMtu < ingress.mtu && shortenCutPacket(frame)) {
      this.#sizes.answer(ingress, ingress.segmentMtu, frame);
      return Drop.messageTruncated;
    }
    if (ingress.guard !== undefined) {
      const drop = ingress.guard.inspect(frame);
      if (drop !== Drop.none) return drop;
    }
    if (!ingress.hasMac(sourceHi, sourceLo)) {
      const drop = this.#learn(ingress, sourceHi, sourceLo);
      if (drop !== Drop.none) return drop;
    }
    const hi = macHi(bytes, start);
    const lo = macLo(bytes, start);
    if (isZeroMac(hi, lo)) return Drop.destinationInvalid;
    if (hi === sourceHi && lo === sourceLo) return Drop.loop;
    return this.#decide(ingress, frame, hi, lo);
  }

  /** A source that is not the port's own MAC: the first one a silent port shows, one behind a bridge, or a stranger. */
  #learn(ingress: Port, hi: number, lo: number): DropReason {
    if (!ingress.ready) return this.#pinFirstSource(ingress, hi, lo);
    if (!ingress.bridge) return Drop.sourceNotPinned;
    // A group address is no sender's (IEEE 802.3 3.2.3). The original forwards such a frame; nobody should learn from it.
    if (isGroupMac(hi)) return Drop.none;
    if (ingress.guard !== undefined) {
      const knownAt = this.#fdb.lookup(hi, lo, this.#nowMs);
      const drop = knownAt === ingress.index ? Drop.none : ingress.guard.admitSource(hi, lo, knownAt);
      if (drop !== Drop.none) return drop;
    }
    if (this.#fdb.learn(hi, lo, ingress.index, this.#nowMs) === Learned.full) ingress.unlearnedFrames++;
    return Drop.none;
  }

  #pinFirstSource(ingress: Port, hi: number, lo: number): DropReason {
    if (isGroupMac(hi)) return Drop.sourceInvalid;
    const knownAt = this.#fdb.lookup(hi, lo, this.#nowMs);
    const owner = this.#ports[knownAt];
    if (owner?.isUplink && owner.hasMac(hi, lo)) return Drop.sourceNotPinned;
    const drop = ingress.guard?.admitSource(hi, lo, knownAt) ?? Drop.none;
    if (drop !== Drop.none) return drop;
    ingress.macHi = hi;
    ingress.macLo = lo;
    this.#fdb.pin(hi, lo, ingress.index);
    return Drop.none;
  }

  #decide(ingress: Port, frame: Frame, hi: number, lo: number): DropReason {
    if (isGroupMac(hi)) {
      const flooded = isBroadcastMac(hi, lo)
        ? this.#options.floodBroadcast
        : this.#options.floodMulticast && isFloodedMulticast(hi, lo);
      return this.#flood(ingress, frame, flooded ? this.#attached : this.#bridges);
    }
    const index = this.#fdb.lookup(hi, lo, this.#nowMs);
    if (index === NO_PORT) return this.#floodUnknown(ingress, frame);
    if (index === ingress.index) return Drop.samePort;
    const egress = this.#ports[index] as Port;
    if (isApart(ingress, egress)) return Drop.isolated;
    if (!this.#deliver(ingress, egress, frame)) this.#sizes.answer(ingress, egress.mtu, frame);
    return Drop.none;
  }

  #floodUnknown(ingress: Port, frame: Frame): DropReason {
    const drop = ingress.guard?.admitUnknown(frame) ?? Drop.none;
    return drop === Drop.none ? this.#flood(ingress, frame, this.#bridges) : drop;
  }

  #flood(ingress: Port, frame: Frame, ports: readonly Port[]): DropReason {
    let reached = 0;
    let leastMtu = UNLIMITED_MTU;
    let isTooBigForAll = true;
    for (const port of ports) {
      if (port === ingress || !port.ready || isApart(ingress, port)) continue;
      if (this.#deliver(ingress, port, frame)) isTooBigForAll = false;
      else leastMtu = Math.min(leastMtu, port.mtu);
      reached++;
    }
    // An unknown destination may be behind any of them: while one takes the frame, none speaks for it.
    if (reached > 0 && isTooBigForAll) this.#sizes.answer(ingress, leastMtu, frame);
    return reached > 0 ? Drop.none : Drop.noDestination;
  }

  /** False if the frame is too big for the port; what else may keep it from there is the port's own business. */
  #deliver(ingress: Port, port: Port, frame: Frame): boolean {
    const forbidden = port.guard?.permit(frame) ?? Drop.none;
    if (forbidden !== Drop.none) {
      port.withhold(frame, forbidden);
      return true;
    }
    const segmentMtu = Math.min(ingress.segmentMtu, port.segmentMtu);
    if (segmentMtu < this.#options.mtu) clampMss(frame, segmentMtu);
    this.pairs?.passed(ingress, port, frame);
    if (!fitsMtu(frame, port.mtu)) return this.#sizes.deliverFragments(port, frame);
    if (!port.give(frame) || port.touched) return true;
    port.touched = true;
    this.#touched.push(port);
    return true;
  }

  #list(): void {
    this.#attached = this.#ports.filter((port) => port !== undefined);
    this.#bridges = this.#attached.filter((port) => port.bridge);
  }
}

/** Whether isolation keeps the two ports from each other. */
function isApart(one: Port, other: Port): boolean {
  return (one.isolated && !other.isUplink) || (other.isolated && !one.isUplink);
}
