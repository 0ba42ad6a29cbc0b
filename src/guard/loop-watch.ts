import { RecentMap } from "../base/recent-map.ts";
import type { Port } from "../switch/port.ts";
import { Frame } from "../wire/frame.ts";
import {
  encodeLoopProbe,
  LOOP_PROBE_BYTES,
  LOOP_PROBE_NONCE_BYTES,
  loopProbeFields,
  loopProbePortIndex,
  loopProbeSlot,
} from "../wire/loop-probe.ts";
import type { FillRandom } from "./fill-random.ts";
import type { GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";
import { MacFlaps } from "./mac-flaps.ts";
import { PortShutter } from "./port-shutter.ts";
import { WatchedPort } from "./watched-port.ts";

/** How a loop showed: our probe came back, or a MAC kept moving; or the port's owner came back before its time was over. */
export type LoopSign = "loop-probe" | "mac-flap" | "came-back";

/** `who`: as `watch` was told it. */
export interface LoopEvents {
  onPortShut(port: Port, why: LoopSign, forMs: number, who: string): void;
  onPortReopened(port: Port, who: string): void;
}

export interface LoopWatchDeps {
  readonly time: GuardTime;
  readonly events: LoopEvents;
  readonly fillRandom: FillRandom;
}

/** Ports that were shut and left; the one that left longest ago makes way. */
const MAX_LEFT = 256;
/** A loop of a megabit needs seconds to hurt; 60 bytes per bridge in this time are nothing. */
const PROBE_PERIOD_MS = 2_000;

/**
 * Finds loops through the ports of a network, and shuts the port that closes one.
 *
 *     every 2 s:  a probe with a fresh nonce ─► each bridge port         our probe came in at a port ─► that port is shut
 *     a MAC keeps moving between two ports ───────────────────────────► the newer one is shut
 *
 * The uplink is never shut: a probe that comes in there shuts the port it was sent to. Of two ports that see each
 * other's probes only one is shut.
 */
export class LoopWatch {
  readonly #deps: LoopWatchDeps;
  readonly #flaps: MacFlaps;
  /** By index of the port. */
  readonly #ports: (WatchedPort | undefined)[] = [];
  readonly #probe = new Frame(new Uint8Array(LOOP_PROBE_BYTES));
  readonly #sourceHi: number;
  readonly #sourceLo: number;
  #options: GuardOptions;
  /** Of ports that left, as long as their past is not forgotten. */
  #left = new RecentMap<PortShutter>(MAX_LEFT);
  #watched = 0;
  #probeAtMs = 0;

  constructor(deps: LoopWatchDeps, options: GuardOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#flaps = new MacFlaps(deps.time, deps.fillRandom);
    const random = new DataView(new ArrayBuffer(6));
    deps.fillRandom(new Uint8Array(random.buffer));
    // Locally administered, no group.
    this.#sourceHi = (random.getUint16(0) & 0xfcff) | 0x0200;
    this.#sourceLo = random.getInt32(2);
  }

  setOptions(options: GuardOptions): void {
    this.#options = options;
    if (options.loopDetection) return;
    this.#left = new RecentMap(MAX_LEFT);
    for (const watched of this.#ports)
      if (watched?.shutter.pardon()) this.#deps.events.onPortReopened(watched.port, watched.who);
  }

  /** Who left while his port was shut finds it shut when he comes back; `who` is for that. */
  watch(port: Port, who: string): WatchedPort {
    const shutter = this.#left.get(who) ?? new PortShutter(this.#deps.time);
    this.#left.delete(who);
    const watched = new WatchedPort(port, this.#watched++, who, shutter);
    this.#ports[port.index] = watched;
    if (shutter.isShut) this.#deps.events.onPortShut(port, "came-back", shutter.remainingMs, who);
    return watched;
  }

  unwatch({ port, who, shutter }: WatchedPort): void {
    if (this.#ports[port.index]?.port !== port) return;
    this.#ports[port.index] = undefined;
    if (shutter.hasPast(this.#options)) this.#left.set(who, shutter);
  }

  isShut({ index }: Port): boolean {
    return this.#ports[index]?.isShut ?? false;
  }

  /** Whether a frame that came in is a probe of ours; shuts the port that closes the loop, if it is. */
  recognizes({ bytes, start, end }: Frame, ingress: WatchedPort): boolean {
    const fields = loopProbeFields(bytes, start, end);
    if (fields < 0 || !this.#options.loopDetection) return false;
    const target = this.#ports[loopProbePortIndex(bytes, fields)];
    if (target?.wasSent(bytes, fields, loopProbeSlot(bytes, fields)) !== true) return false;
    if (ingress.port.isUplink) this.#shut(target, "loop-probe");
    else if (target === ingress || !target.isShut) this.#shut(ingress, "loop-probe");
    return true;
  }

  /** Notes that a MAC moves from the port with index `from` to another one. */
  moved(hi: number, lo: number, from: number, to: WatchedPort): void {
    if (!this.#options.loopDetection || !this.#flaps.moved(hi, lo, to.port.index)) return;
    const left = this.#ports[from];
    const isLeftNewer = left !== undefined && left.serial > to.serial && !left.port.isUplink;
    this.#shut(isLeftNewer || to.port.isUplink ? left : to, "mac-flap");
  }

  /** Opens ports whose time is over, and sends probes if it is time; call it about every second. */
  tick(): void {
    this.#flaps.sweep();
    for (const watched of this.#ports) {
      if (watched?.shutter.reopenIfDue()) this.#deps.events.onPortReopened(watched.port, watched.who);
    }
    const { nowMs } = this.#deps.time;
    if (!this.#options.loopDetection || nowMs < this.#probeAtMs) return;
    this.#probeAtMs = nowMs + PROBE_PERIOD_MS;
    for (const watched of this.#ports) if (watched !== undefined && isProbed(watched)) this.#sendProbe(watched);
  }

  #sendProbe(watched: WatchedPort): void {
    const { port } = watched;
    const slot = watched.renewNonce(this.#deps.fillRandom);
    encodeLoopProbe(
      {
        sourceHi: this.#sourceHi,
        sourceLo: this.#sourceLo,
        portIndex: port.index,
        slot,
        nonces: watched.nonces,
        nonceAt: slot * LOOP_PROBE_NONCE_BYTES,
      },
      this.#probe.bytes,
      0,
    );
    this.#deliver(port);
  }

  #deliver(port: Port): void {
    const { bytes } = this.#probe;
    if (port.give(this.#probe.set(bytes, 0, bytes.length, false))) port.egress.flush();
  }

  #shut(watched: WatchedPort | undefined, why: LoopSign): void {
    if (watched === undefined || watched.port.isUplink || watched.isShut) return;
    this.#deps.events.onPortShut(watched.port, why, watched.shutter.shut(this.#options), watched.who);
  }
}

/** A port that is no bridge has one host behind it, which sends nothing back. */
function isProbed({ port, isShut }: WatchedPort): boolean {
  return port.bridge && port.ready && !isShut;
}
