import { Drop, DropCounters, type DropReason } from "../base/drop-reason.ts";
import type { Frame } from "../wire/frame.ts";
import { formatMac, type Mac, macParts } from "../wire/mac.ts";
import type { PortGuard } from "./port-guard.ts";
import type { PortObserver } from "./port-observer.ts";

/** Where the switch gives frames for one attachment: a connection, a TAP, a test's array. */
export interface Egress {
  /**
   * Takes the frame for sending, or says why not. The bytes are borrowed until `flush()`, the Frame object only
   * until return. Never throws, never blocks, never calls back into the switch.
   */
  deliver(frame: Frame): DropReason;
  /** Sends what was delivered since the last flush. Called once per ingress batch, only if something was delivered. */
  flush(): void;
  /**
   * Whether frames may wait here, or be lost after all. Then the egress tells its port what has left (`countSent`) and what
   * was lost (`countLost`). Otherwise a frame counts as sent when it is taken.
   */
  readonly isQueue?: boolean;
}

export interface PortOptions {
  readonly name: string;
  /** The attachment's own MAC, if it announced one; otherwise its first frame tells. */
  readonly mac: Mac | undefined;
  /** Many MACs may live behind a bridge port, and unknown unicast goes to it. A port that is no bridge is pinned to one MAC. */
  readonly bridge: boolean;
  /** The server's own TAP: no port that shows a MAC by its first frame may take its, and isolated ports reach it. */
  readonly isUplink?: boolean;
  readonly egress: Egress;
}

const NO_MAC = -1;

/** More than any frame carries. */
export const UNLIMITED_MTU = 0x10_0000;

/**
 * One attachment of the switch: its MAC, its kind and its counters. Made by `Switch.attach`.
 * Received means from the attachment into the switch; sent means from the switch to the attachment. Counters only go up:
 * a frame for the attachment waits until it is sent or dropped, and then counts as one of the two.
 */
export class Port {
  /** Index in the switch; a number is used again after its port left. */
  readonly index: number;
  readonly name: string;
  readonly bridge: boolean;
  readonly isUplink: boolean;
  readonly egress: Egress;
  /** Frames from this port that went nowhere. */
  readonly ingressDrops = new DropCounters();
  /** Frames for this port that did not reach it. */
  readonly egressDrops = new DropCounters();
  /** Everything that came, what was dropped included. */
  receivedFrames = 0;
  receivedBytes = 0;
  /** Received frames that went on although their source could not be learned: the FDB was full. */
  unlearnedFrames = 0;
  /** Answers to frames from this port that were too big for where they were to go. */
  tooBigAnswers = 0;
  /** Frames made for the attachment as fragments of larger ones; whether they were sent is counted as for any other. */
  sentFragments = 0;
  /** What the kernel was handed. A frame that was cut counts once, with its first part; the bytes are of all its parts. */
  sentFrames = 0;
  sentBytes = 0;
  /** First two and last four bytes of the MAC, `macHi` negative while none is known. */
  macHi = NO_MAC;
  macLo = 0;
  /** Looks at what comes in and goes out; without one everything may. */
  guard: PortGuard | undefined;
  /** Sees what comes in and goes out; mostly there is none. */
  observer: PortObserver | undefined;
  /** Reaches the uplink and no other port. */
  isolated = false;
  /** Most bytes of a frame for this port, without its Ethernet header and VLAN tags; of a super-frame, of each segment. */
  mtu = UNLIMITED_MTU;
  /** What TCP connections that begin here are fitted to, in both directions. */
  segmentMtu = UNLIMITED_MTU;
  /** The switch's note that this port has frames to flush. */
  touched = false;
  readonly #isQueue: boolean;

  constructor(index: number, options: PortOptions) {
    this.index = index;
    this.name = options.name;
    this.bridge = options.bridge;
    this.isUplink = options.isUplink ?? false;
    this.egress = options.egress;
    this.#isQueue = options.egress.isQueue ?? false;
    if (options.mac !== undefined) {
      const { hi, lo } = macParts(options.mac);
      this.macHi = hi;
      this.macLo = lo;
    }
  }

  /** `segmentMtu` is less than `mtu` where larger frames of the attachment may come cut. */
  limitMtu(mtu: number, segmentMtu = mtu): void {
    this.mtu = mtu;
    this.segmentMtu = segmentMtu;
  }

  /** Whether the port has a MAC. Until then it gets no frames, as in the original. */
  get ready(): boolean {
    return this.macHi !== NO_MAC;
  }

  get mac(): Mac | undefined {
    return this.ready ? formatMac(this.macHi, this.macLo) : undefined;
  }

  hasMac(hi: number, lo: number): boolean {
    return this.macLo === lo && this.macHi === hi;
  }

  /** Gives the attachment a frame to take, and counts it, unless it may wait there; false if it was not taken. */
  give(frame: Frame): boolean {
    const drop = this.egress.deliver(frame);
    this.observer?.sent(frame, drop);
    if (drop !== Drop.none) {
      this.egressDrops.add(drop);
      return false;
    }
    if (this.#isQueue) return true;
    this.sentFrames++;
    this.sentBytes += frame.end - frame.start;
    return true;
  }

  /** For an egress that is a queue: these have left; see `FrameSender` for what counts as one. */
  countSent(frames: number, bytes: number): void {
    this.sentFrames += frames;
    this.sentBytes += bytes;
  }

  /** For an egress that is a queue: these never will. */
  countLost(drop: DropReason, frames: number): void {
    this.egressDrops.add(drop, frames);
  }

  /** A frame was for the attachment and may not go there. */
  withhold(frame: Frame, drop: DropReason): void {
    this.egressDrops.add(drop);
    this.observer?.sent(frame, drop);
  }
}
