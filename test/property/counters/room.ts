import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { mock } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { Drop } from "../../../src/base/drop-reason.ts";
import type { MemoryPairOptions } from "../../../src/device/memory-pair.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import type { Port } from "../../../src/switch/port.ts";
import { Switch } from "../../../src/switch/switch.ts";
import type { SocketControl } from "../../../src/transport/socket-control.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { HandClock } from "../../hand-clock.ts";
import { Host } from "../../host.ts";
import { type Loopback, startLoopbackServer } from "../../loopback-server.ts";
import { RecordingLog } from "../../recording-log.ts";
import { Attendant, ISOLATED_USER, type Role } from "./attendant.ts";
import { Ledger } from "./ledger.ts";
import { NaiveNetwork, type Station } from "./naive-network.ts";
import { bytesIn, type Content, countFrames, cutFrame, messageOf } from "./traffic.ts";

export const HOLD_MS = 2_000;
const TAP = "02:00:00:00:00:ff";
const TAP_HOST = 250;
/** Enough for all that one step of a test sends, and soon full where nobody reads. */
const MAX_QUEUED_BYTES = 256 * 1_024;
/** Broadcasts of a port: the clock of these tests brings no more. */
const BROADCASTS = 20;
/** In which a connection whose path is free again has sent what waited. */
const THAW_MS = 100;
const DOWN = { bytesPerSecond: 1_000, burstBytes: 20_000 };

/** What the server may be: its kernel takes super-frames and has little room, or takes none. */
export type Kernel = Pick<MemoryPairOptions, "offloads" | "queueFrames">;

/** A server with two networks, its own TAP in one, and who takes part; and what all of them really sent and got. */
export class Room {
  readonly clock = new HandClock();
  readonly log = new RecordingLog();
  readonly attendants = new Map<Role, Attendant>();
  readonly #networks = { default: new NaiveNetwork(), other: new NaiveNetwork() };
  readonly #host: Host;
  readonly #uplink: Station;
  readonly #ports: Port[] = [];
  readonly #portOf = new Map<Station, Port>();
  readonly #attach = mock.method(Switch.prototype, "attach");
  #serving: Loopback | undefined;
  #joining: Attendant | undefined;

  constructor(kernel: Kernel) {
    const host = new Host("uplink", TAP, kernel);
    const ledger = new Ledger(() => ({ frames: countFrames(host.frames), bytes: bytesIn(host.frames) }));
    ledger.mayLose = true;
    const kind = { mac: TAP, mtu: 1_500, isBridge: false, isIsolated: false, isUplink: true };
    this.#host = host;
    this.#uplink = { ...kind, learned: new Set(), ledger, broadcasts: 0 };
    this.#networks.default.stations.add(this.#uplink);
  }

  async start(): Promise<this> {
    const { clock } = this;
    const guard = {
      ...GUARD_DEFAULTS,
      loopDetection: false,
      broadcast: { perSecond: 0, burst: BROADCASTS },
    };
    const networks = [
      { name: "default", path: "/default" },
      { name: "other", path: "/other" },
    ];
    const users = [{ name: ISOLATED_USER, rules: { isolated: true, down: DOWN } }];
    const defaults = { bridge: true, networks: ["default", "other"] };
    const access = { guard, trustsHeaders: true, policyData: { networks, users, defaults } };
    const limits = { holdMs: HOLD_MS, maxQueuedBytes: MAX_QUEUED_BYTES };
    const tuneSocket = (socket: Socket): SocketControl | undefined => this.#controlOf(socket);
    const names = networks.map(({ name }) => name);
    this.#serving = await startLoopbackServer(this.log, {
      ...{ clock, access, tuneSocket, networks: names, device: this.#host.device, ...limits },
    });
    this.#portOf.set(this.#uplink, this.#newPort());
    return this;
  }

  /** Joins, comes back, or has one connection more, or another for the one of this number. */
  async connect(role: Role, number: number): Promise<void> {
    const known = this.attendants.get(role);
    const attendant = known ?? new Attendant(role, this.#hostOf(role), BROADCASTS);
    if (known !== undefined && role.dialect === "v1") return;
    this.#joining = attendant;
    const isReplacing = attendant.open.has(number);
    if (isReplacing && attendant.isFrozen) attendant.ledger.mayLose = true;
    await attendant.connect(this.#address, known === undefined ? 0 : number);
    if (known !== undefined) return;
    this.attendants.set(role, attendant);
    this.#networks[role.network].stations.add(attendant);
    this.#portOf.set(attendant, this.#newPort());
  }

  vanish(attendant: Attendant, number: number): void {
    attendant.vanish(number);
    attendant.heldSinceMs = this.clock.nowMs();
    if (this.#isOver(attendant)) this.#over(attendant);
  }

  /** A frame of one that is here. */
  send(attendant: Attendant, content: Content, destination: string, source: string, payloadBytes: number): void {
    const { role, host } = attendant;
    const kind = role.dialect === "v1" && content === "super-frame" ? "plain" : content;
    const journey = { source, destination, host };
    const message = messageOf(kind, journey, payloadBytes);
    attendant.send(message);
    this.#networks[role.network].forward(attendant, journey, kind, message.length - VNET_HEADER_BYTES);
  }

  /** A frame of the server's own host, if its TAP takes it. */
  sendDown(content: Content, destination: string, payloadBytes: number): void {
    const journey = { source: TAP, destination, host: TAP_HOST };
    const message = messageOf(content, journey, payloadBytes);
    const { refused } = this.#host;
    this.#host.sendSuper(message);
    if (this.#host.refused > refused) return;
    this.#networks.default.forward(this.#uplink, journey, content, message.length - VNET_HEADER_BYTES);
  }

  /** What is no frame, or only a part of one. */
  sendJunk(attendant: Attendant): void {
    const { role, ledger, host, mac } = attendant;
    if (role.dialect === "v1") {
      const cut = cutFrame({ source: mac, destination: TAP, host });
      attendant.send(Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), cut]));
      ledger.received(cut.length, Drop.messageTruncated);
      this.#networks.default.answer(attendant);
      attendant.send(Buffer.alloc(VNET_HEADER_BYTES + 5));
      ledger.received(5, Drop.runt);
      return;
    }
    attendant.send(Buffer.alloc(VNET_HEADER_BYTES + 5));
    ledger.received(5, Drop.messageTruncated);
    attendant.send(Buffer.alloc(5));
    ledger.received(0, Drop.messageTruncated);
    attendant.send(Buffer.alloc(100, 0xff));
    ledger.received(100 - VNET_HEADER_BYTES, Drop.vnetHeaderInvalid);
  }

  pass(ms: number): void {
    for (const { open } of this.attendants.values()) {
      for (const one of open.values()) if ("say" in one) one.say({ kind: "quiet", forMs: 60_000 });
    }
    this.clock.advance(ms);
    for (const attendant of this.attendants.values()) if (this.#isOver(attendant)) this.#over(attendant);
  }

  thaw(attendant: Attendant): void {
    attendant.isFrozen = false;
    this.clock.advance(THAW_MS);
  }

  /** Until all that was sent has arrived; then what is counted is looked at. */
  async check(): Promise<void> {
    const evidence = (): string => [...this.#portOf].map(([{ ledger }, port]) => ledger.compared(port)).join("\n");
    const isSettled = (): boolean => this.#isAsKnown() && [...this.#portOf].every(([one, port]) => one.ledger.isSettled(port));
    await waitFor("counters that say what has arrived", isSettled, { pollMs: 1, timeoutMs: 2_000, evidence });
    for (const [station, port] of this.#portOf) {
      const isAtRest = !(station instanceof Attendant) || (!station.isFrozen && station.open.size > 0);
      station.ledger.check(port, isAtRest);
    }
  }

  async end(): Promise<void> {
    for (const attendant of this.attendants.values()) attendant.leave();
    const isConnected = (): boolean => this.#serving?.server.peers().some(({ connections }) => connections > 0) ?? false;
    await waitFor("everybody to be noticed gone", () => !isConnected(), { pollMs: 1 });
    this.clock.advance(HOLD_MS);
    await this.#serving?.server.stop();
    this.#attach.mock.restore();
  }

  /** Whether the server has noticed who is here, and by how many connections. */
  #isAsKnown(): boolean {
    const peers = this.#serving?.server.peers().filter(({ id }) => id > 0) ?? [];
    const seen = peers.map(({ id, connections }) => `peer ${id}: ${connections}`);
    const expected = [...this.attendants.values()].map((one) => `${this.#portOf.get(one)?.name}: ${one.open.size}`);
    return seen.sort().join() === expected.sort().join();
  }

  #isOver({ role, open, heldSinceMs }: Attendant): boolean {
    return open.size === 0 && (role.dialect === "v1" || this.clock.nowMs() >= heldSinceMs + HOLD_MS);
  }

  get #address(): string {
    return this.#serving?.address ?? "";
  }

  #over(attendant: Attendant): void {
    this.attendants.delete(attendant.role);
    this.#networks[attendant.role.network].stations.delete(attendant);
    this.#portOf.delete(attendant);
  }

  #hostOf({ mac, network }: Role): number {
    return Number.parseInt(mac.slice(-2), 16) + (network === "default" ? 0 : 100);
  }

  #newPort(): Port {
    const made = this.#attach.mock.calls.map(({ result }) => result).filter((port) => port !== undefined);
    const port = made.find((one) => !this.#ports.includes(one));
    assert.ok(port);
    this.#ports.push(port);
    return port;
  }

  #controlOf(_socket: Socket): SocketControl | undefined {
    const attendant = this.#joining;
    if (attendant?.role.isSlow !== true) return undefined;
    return {
      congestionControl: undefined,
      read: (state) => attendant.describe(state),
      putOffPause: () => {},
      limitUnsent: () => {},
    };
  }
}
