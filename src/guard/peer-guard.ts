import { Drop, type DropReason } from "../base/drop-reason.ts";
import type { PortGuard } from "../switch/port-guard.ts";
import type { PortRules, RateLimit } from "../switch/port-rules.ts";
import { isGroupMac } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { macHi, macLo } from "../wire/mac.ts";
import type { PacketHeaders } from "../wire/packet-headers.ts";
import type { Bindings } from "./bindings.ts";
import type { GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";
import { HeaderChecks } from "./header-checks.ts";
import { RatePolice } from "./rate-police.ts";
import { SourceMacs, type SourceMacsDeps } from "./source-macs.ts";
import { StormControl } from "./storm-control.ts";
import type { WatchedPort } from "./watched-port.ts";

/** Offset of the source MAC in a frame. */
const SOURCE = 6;

export interface PeerGuardDeps extends SourceMacsDeps {
  readonly bindings: Bindings;
  /** Read anew for each frame; one for all guards of a network. */
  readonly headers: PacketHeaders;
}

/**
 * The guard of a peer's port. Each step names its own reason. Cheap ones come first, and those that use up a budget last,
 * when nothing else speaks against the frame.
 *
 *     inspect:  shut ─► probe, reserved group ─► source MAC ─► headers ─► storm ─► rate up
 *     permit:   shut ─► headers ─► rate down
 */
export class PeerGuard implements PortGuard {
  readonly watched: WatchedPort;
  /** Number of the owner, see owner-ids.ts. */
  readonly owner: number;
  readonly #deps: PeerGuardDeps;
  readonly #sources: SourceMacs;
  #rules: PortRules;
  #options: GuardOptions;
  #checks: HeaderChecks;
  #storm: StormControl;
  #up: RatePolice | undefined;
  #down: RatePolice | undefined;

  constructor(deps: PeerGuardDeps, watched: WatchedPort, owner: number, rules: PortRules, options: GuardOptions) {
    this.watched = watched;
    this.owner = owner;
    this.#deps = deps;
    this.#rules = rules;
    this.#options = options;
    this.#checks = this.#makeChecks(rules, options);
    this.#sources = new SourceMacs(deps, watched, owner, rules, options);
    this.#storm = new StormControl(deps.time, options);
    this.#up = policeOf(deps.time, rules.up);
    this.#down = policeOf(deps.time, rules.down);
  }

  get rules(): PortRules {
    return this.#rules;
  }

  /**
   * In force from the next frame on. Addresses in use, and that the port is shut, stay as they are. Throws a ConfigError
   * for lists that are too long, and changes nothing then.
   */
  setRules(rules: PortRules): void {
    this.#checks = this.#makeChecks(rules, this.#options);
    this.#rules = rules;
    this.#sources.setRules(rules);
    this.#up = policeOf(this.#deps.time, rules.up, this.#up);
    this.#down = policeOf(this.#deps.time, rules.down, this.#down);
  }

  setOptions(options: GuardOptions): void {
    this.#options = options;
    this.#sources.setOptions(options);
    this.#checks = this.#makeChecks(this.#rules, options);
    this.#storm = new StormControl(this.#deps.time, options);
  }

  /** Claims the port's own MAC again: another session of its owner that had it is gone. */
  claimOwnMac(): void {
    this.#sources.claimOwn();
  }

  inspect(frame: Frame): DropReason {
    if (this.watched.isShut) return Drop.portShut;
    const { bytes, start } = frame;
    const hi = macHi(bytes, start);
    const isGroup = isGroupMac(hi);
    const drop = isGroup ? this.#judgeGroup(frame, hi) : Drop.none;
    if (drop !== Drop.none) return drop;
    const source = this.#judgeSource(bytes, start + SOURCE);
    if (source !== Drop.none) return source;
    const headers = this.#judgeHeaders(frame);
    if (headers !== Drop.none) return headers;
    if (isGroup && this.#options.stormControl) {
      const storm = this.#storm.judgeGroup(frame, hi, macLo(bytes, start));
      if (storm !== Drop.none) return storm;
    }
    return this.#up === undefined || this.#up.admits(frame.end - start) ? Drop.none : Drop.rateUp;
  }

  admitSource(hi: number, lo: number, knownAt: number): DropReason {
    return this.#sources.admit(hi, lo, knownAt);
  }

  admitUnknown(frame: Frame): DropReason {
    return this.#options.stormControl ? this.#storm.judgeUnknown(frame) : Drop.none;
  }

  permit(frame: Frame): DropReason {
    if (this.watched.isShut) return Drop.portShut;
    if (this.#checks.looksAtEgress) {
      const { headers } = this.#deps;
      headers.parseFrame(frame);
      const drop = this.#checks.toPeer(headers);
      if (drop !== Drop.none) return drop;
    }
    return this.#down === undefined || this.#down.admits(frame.end - frame.start) ? Drop.none : Drop.rateDown;
  }

  #judgeGroup(frame: Frame, hi: number): DropReason {
    if (this.#deps.loops.recognizes(frame, this.watched)) return Drop.loopProbe;
    const isReserved = this.#options.reservedDestinations && isReservedGroup(hi, macLo(frame.bytes, frame.start));
    return isReserved ? Drop.reservedDestination : Drop.none;
  }

  #judgeSource(bytes: Uint8Array, at: number): DropReason {
    const hi = macHi(bytes, at);
    return isGroupMac(hi) ? Drop.sourceInvalid : this.#sources.judge(hi, macLo(bytes, at));
  }

  #judgeHeaders(frame: Frame): DropReason {
    const { headers, time } = this.#deps;
    headers.parseFrame(frame);
    return this.#checks.fromPeer(headers, time.nowMs);
  }

  #makeChecks(rules: PortRules, options: GuardOptions): HeaderChecks {
    return new HeaderChecks(this.#deps.bindings, { port: this.watched.port, owner: this.owner, rules, options });
  }
}

/** Whether a group address is one that no bridge forwards: 01:80:c2:00:00:00 to 0f (IEEE 802.1Q section 8.6.3). */
function isReservedGroup(hi: number, lo: number): boolean {
  return hi === 0x0180 && lo >>> 4 === 0xc200_000;
}

function policeOf(time: GuardTime, limit: RateLimit | undefined, before?: RatePolice): RatePolice | undefined {
  if (limit === undefined) return undefined;
  return before?.keepsTo(limit) ? before : new RatePolice(time, limit);
}
