import assert from "node:assert/strict";
import { GUARD_DEFAULTS, type GuardOptions } from "../src/guard/guard-options.ts";
import { type GuardEvents, NetworkGuard } from "../src/guard/network-guard.ts";
import type { Port } from "../src/switch/port.ts";
import { DEFAULT_PORT_RULES, type PortRules } from "../src/switch/port-rules.ts";
import { SWITCH_DEFAULTS, Switch } from "../src/switch/switch.ts";
import { Frame } from "../src/wire/frame.ts";
import type { Mac } from "../src/wire/mac.ts";
import { HandClock } from "./hand-clock.ts";
import { RecordingEgress } from "./recording-egress.ts";
import { seededRandom } from "./seeded-random.ts";

export interface GuardedPort {
  readonly port: Port;
  readonly egress: RecordingEgress;
}

/** A switch and its guard as a server puts them together, in hand-turned time. */
export class GuardedSwitch {
  readonly clock = new HandClock(5_000);
  readonly lan = new Switch({ clock: this.clock }, { ...SWITCH_DEFAULTS, hashSeed: 42 });
  /** What the guard told, in words. */
  readonly told: string[] = [];
  readonly guard: NetworkGuard;

  constructor(options: Partial<GuardOptions> = {}) {
    const events: GuardEvents = {
      onMacRefused: (port, mac, holder) => this.told.push(`${port.name} refused ${mac} of ${holder}`),
      onPortShut: (port, why, forMs) => this.told.push(`${port.name} shut for ${forMs}: ${why}`),
      onPortReopened: (port) => this.told.push(`${port.name} open`),
    };
    const deps = { clock: this.clock, events, fillRandom: seededRandom(7) };
    this.guard = new NetworkGuard(deps, { ...GUARD_DEFAULTS, ...options });
  }

  addUplink(
    mac: Mac,
    options: { readonly bridge?: boolean; readonly addresses?: readonly Uint8Array[] } = {},
  ): GuardedPort {
    const egress = new RecordingEgress();
    const { bridge = false, addresses = [] } = options;
    const port = this.lan.attach({ name: "uplink", mac, bridge, isUplink: true, egress });
    assert.ok(port);
    this.guard.guardUplink(port, addresses);
    return { port, egress };
  }

  addPeer(name: string, owner: string, mac: Mac | undefined, rules: Partial<PortRules> = {}): GuardedPort {
    const egress = new RecordingEgress();
    const complete = { ...DEFAULT_PORT_RULES, ...rules };
    const port = this.lan.attach({ name, mac, bridge: complete.bridge, egress });
    assert.ok(port);
    this.guard.guardPeer(port, owner, complete);
    return { port, egress };
  }

  remove({ port }: GuardedPort): void {
    this.guard.release(port);
    this.lan.detach(port);
  }

  /** Sends a frame, a batch of its own. */
  forward({ port }: GuardedPort, bytes: Uint8Array): void {
    this.lan.forward(port, new Frame(bytes).set(bytes, 0, bytes.length, false));
    this.lan.flush();
  }

  /** Lets time pass in steps of a second, with a tick after each. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      this.clock.advance(Math.min(left, 1_000));
      this.lan.tick();
      this.guard.tick();
    }
  }
}

/** Destination, source, and by default an ethertype that nobody looks into. */
export function ethernet(destination: string, source: string, rest = "88b60000"): Buffer {
  return Buffer.from(`${destination}${source}${rest}`.replaceAll(":", ""), "hex");
}
