import { randomInt } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { FloodLog } from "../base/flood-log.ts";
import type { Device } from "../device/device.ts";
import type { GuardOptions } from "../guard/guard-options.ts";
import { type GuardEvents, NetworkGuard } from "../guard/network-guard.ts";
import type { Port } from "../switch/port.ts";
import { SWITCH_DEFAULTS, Switch } from "../switch/switch.ts";
import type { IpPrefix } from "../wire/ip-prefix.ts";
import type { Segmenter } from "../wire/segment.ts";
import { TrafficTotals } from "./traffic-totals.ts";
import { Uplink } from "./uplink.ts";

/** A network as configured. What of it can change while it runs is the guard's. */
export interface NetworkDefinition {
  readonly name: string;
  /** The server's own TAP in this network. The server owns it from now on. */
  readonly device: Device | undefined;
  /** The TAP's IP addresses, 4 or 16 bytes each: nobody else may claim them. */
  readonly addresses: readonly Uint8Array[];
  /** The IP networks that these are in: with their lengths peers get addresses of their own. */
  readonly prefixes: readonly IpPrefix[];
  /** Whether unknown unicast goes to the TAP. */
  readonly bridge: boolean;
  readonly floodBroadcast: boolean;
  readonly floodMulticast: boolean;
  /** Told to every v2 peer. */
  readonly mtu: number;
}

export interface NetworkDeps {
  readonly clock: Clock;
  readonly floodLog: FloodLog;
  readonly segmenter: Segmenter;
  /** What ports of all networks had counted when they left; a network may be gone before its last port. */
  readonly departed: TrafficTotals;
}

/** One isolated switch, its guard and its uplink. MAC addresses may repeat in another network. */
export class Network {
  readonly definition: NetworkDefinition;
  readonly switch: Switch;
  readonly guard: NetworkGuard;
  readonly uplink: Uplink | undefined;
  /** What ports that left have counted: here, and in all networks. Their connections may be closing yet. */
  readonly lateCounts: readonly TrafficTotals[];
  readonly #departed = new TrafficTotals();

  constructor(
    deps: NetworkDeps,
    definition: NetworkDefinition,
    limits: { readonly maxPeers: number },
    guard: GuardOptions,
  ) {
    const { clock } = deps;
    const { floodBroadcast, floodMulticast, device, bridge, mtu } = definition;
    // One port more than peers, for the uplink.
    const maxPorts = limits.maxPeers + 1;
    const hashSeed = randomInt(2 ** 32);
    this.definition = definition;
    this.lateCounts = [this.#departed, deps.departed];
    const flooding = { floodBroadcast, floodMulticast };
    this.switch = new Switch({ clock }, { ...SWITCH_DEFAULTS, ...flooding, mtu, maxPorts, hashSeed });
    this.guard = new NetworkGuard({ clock, events: guardEvents(deps.floodLog, definition.name) }, guard);
    if (device === undefined) return;
    this.uplink = new Uplink({ device, switch: this.switch, segmenter: deps.segmenter }, { bridge });
    this.guard.guardUplink(this.uplink.port, definition.addresses);
  }

  /** Call it about every second. */
  tick(): void {
    this.switch.tick();
    this.guard.tick();
  }

  /** What its ports have counted, those that left included. */
  get totals(): TrafficTotals {
    const totals = new TrafficTotals().add(this.#departed);
    for (const port of this.switch.ports) totals.add(port);
    return totals;
  }

  leave(port: Port): void {
    this.guard.release(port);
    this.switch.detach(port);
    for (const totals of this.lateCounts) totals.add(port);
  }
}

function guardEvents(floodLog: FloodLog, network: string): GuardEvents {
  return {
    onMacRefused: (port, mac, holder, who) => {
      const log = floodLog.about(who);
      const text = `${port.name} claims ${mac}, which is ${holder}'s`;
      log.warn("guard.mac-refused", text, { network, port: port.name, mac, holder });
    },
    onPortShut: (port, why, forMs, who) => {
      const log = floodLog.about(who);
      const text = `${port.name} is shut for ${forMs / 1000} s: there is a loop behind it (${why})`;
      log.warn("guard.port-shut", text, { network, port: port.name, why, forMs });
    },
    onPortReopened: (port, who) => {
      const log = floodLog.about(who);
      log.info("guard.port-reopened", `${port.name} is open again`, { network, port: port.name });
    },
  };
}
