import { Drop, type DropReason } from "../base/drop-reason.ts";
import type { PortGuard } from "../switch/port-guard.ts";
import { isGroupMac } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { macHi, macLo } from "../wire/mac.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import { AddressGuard, MAX_ADDRESSES } from "./address-guard.ts";
import type { Bindings } from "./bindings.ts";
import type { GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";
import type { LoopWatch } from "./loop-watch.ts";
import type { MacOwners } from "./mac-owners.ts";
import { UPLINK_OWNER } from "./owner-ids.ts";
import type { WatchedPort } from "./watched-port.ts";

export interface UplinkGuardDeps {
  readonly time: GuardTime;
  readonly owners: MacOwners;
  readonly loops: LoopWatch;
  readonly bindings: Bindings;
  readonly headers: PacketHeaders;
}

/** Offset of the source MAC in a frame. */
const SOURCE = 6;

/**
 * The guard of the server's own TAP. What comes from there is trusted: nothing is dropped but our own probes. The guard
 * learns from it what is the server's, or belongs to the LAN that the TAP is bridged to.
 */
export class UplinkGuard implements PortGuard {
  readonly watched: WatchedPort;
  readonly #deps: UplinkGuardDeps;
  readonly #addresses: AddressGuard;

  constructor(deps: UplinkGuardDeps, watched: WatchedPort, options: GuardOptions) {
    const { port } = watched;
    this.#deps = deps;
    this.watched = watched;
    this.#addresses = new AddressGuard(deps.bindings, options, {
      port: port.index,
      owner: UPLINK_OWNER,
      bridge: port.bridge,
      dhcpServer: true,
      router: true,
      maxAddresses: MAX_ADDRESSES.uplink,
    });
    if (port.ready) this.#claim(port.macHi, port.macLo, true);
  }

  inspect(frame: Frame): DropReason {
    const { headers, time } = this.#deps;
    const { bytes, start } = frame;
    if (isGroupMac(macHi(bytes, start)) && this.#deps.loops.recognizes(frame, this.watched)) return Drop.loopProbe;
    const hi = macHi(bytes, start + SOURCE);
    const lo = macLo(bytes, start + SOURCE);
    if (this.watched.port.bridge) this.#noteSource(hi, lo);
    headers.parseFrame(frame);
    if (!this.#isEcho(hi, lo)) this.#addresses.observe(headers, time.nowMs);
    return Drop.none;
  }

  /** A MAC behind the uplink is the uplink's, unless it is a user's; the LAN of the uplink is trusted all the same. */
  admitSource(hi: number, lo: number, knownAt: number): DropReason {
    this.#claim(hi, lo, !this.watched.port.ready);
    if (knownAt >= 0) this.#deps.loops.moved(hi, lo, knownAt, this.watched);
    return Drop.none;
  }

  admitUnknown(): DropReason {
    return Drop.none;
  }

  permit(): DropReason {
    return Drop.none;
  }

  /** Whether a peer's frame came back from the LAN, by a loop or a port that reflects: what it says is the peer's. */
  #isEcho(hi: number, lo: number): boolean {
    const { port } = this.watched;
    return !port.hasMac(hi, lo) && this.#deps.owners.isHeldElsewhere(hi, lo, port.index);
  }

  #noteSource(hi: number, lo: number): void {
    const { port } = this.watched;
    if (!port.hasMac(hi, lo)) this.#deps.owners.touch(hi, lo, port.index);
  }

  #claim(hi: number, lo: number, isOwn: boolean): void {
    this.#deps.owners.claim(hi, lo, UPLINK_OWNER, this.watched.port.index, isOwn);
  }
}
