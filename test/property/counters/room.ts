import assert from "node:assert/strict";
import { waitFor } from "../../../lab/wait.ts";
import { Drop } from "../../../src/base/drop-reason.ts";
import type { PeerDetail } from "../../../src/control/model.ts";
import type { MemoryPairOptions } from "../../../src/device/memory-pair.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { HandClock } from "../../hand-clock.ts";
import { Host } from "../../host.ts";
import { type Loopback, startLoopbackServer } from "../../loopback-server.ts";
import { RecordingLog } from "../../recording-log.ts";
import { V2Peer } from "../../v2-peer.ts";
import { Attendant, ISOLATED_USER, type Role } from "./attendant.ts";
import { Ledger } from "./ledger.ts";
import { NaiveNetwork, type Station } from "./naive-network.ts";
import { SlowPath } from "./slow-path.ts";
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
  /** Whom the server knows, by its `id`. */
  readonly #known = new Map<string, Station>();
  readonly #departed: Attendant[] = [];
  #serving: Loopback | undefined;
  /** Of the connection that comes next. */
  #path: SlowPath | undefined;

  constructor(kernel: Kernel) {
    const host = new Host("uplink", TAP, kernel);
    const ledger = new Ledger(() => ({
      frames: countFrames(host.frames),
      bytes: bytesIn(host.frames),
      wire: undefined,
    }));
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
    const tuneSocket = (): SlowPath | undefined => this.#path;
    const names = networks.map(({ name }) => name);
    this.#serving = await startLoopbackServer(this.log, {
      ...{ clock, access, tuneSocket, networks: names, device: this.#host.device, ...limits },
    });
    this.#known.set(this.#newId(), this.#uplink);
    return this;
  }

  /** Joins, comes back, or has one connection more, or another for the one of this number. */
  async connect(role: Role, number: number): Promise<void> {
    const known = this.attendants.get(role);
    const attendant = known ?? new Attendant(role, this.#hostOf(role), BROADCASTS);
    if (known !== undefined && role.dialect === "v1") return;
    this.#path = role.isSlow === true ? new SlowPath() : undefined;
    await attendant.connect(this.#started.address, known === undefined ? 0 : number, this.#path);
    if (known !== undefined) return;
    this.attendants.set(role, attendant);
    this.#networks[role.network].stations.add(attendant);
    this.#known.set(this.#newId(), attendant);
  }

  vanish(attendant: Attendant, number: number): void {
    attendant.vanish(number);
    attendant.heldSinceMs = this.clock.nowMs();
    if (this.#isOver(attendant)) this.#over(attendant);
  }

  async bye(attendant: Attendant): Promise<void> {
    if (await attendant.bye()) this.#over(attendant);
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
      for (const { peer } of open.values()) if (peer instanceof V2Peer) peer.say({ kind: "quiet", forMs: 60_000 });
    }
    this.clock.advance(ms);
    for (const attendant of this.attendants.values()) if (this.#isOver(attendant)) this.#over(attendant);
  }

  thaw(attendant: Attendant): void {
    attendant.thaw();
    this.clock.advance(THAW_MS);
  }

  /** Until all that was sent has arrived; then what is counted is looked at. */
  async check(): Promise<void> {
    const evidence = (): string => this.#details.map(([{ ledger }, one]) => ledger.compared(one)).join("\n");
    await waitFor("counters that say what has arrived", () => this.#isSettled(), {
      ...{ pollMs: 1, timeoutMs: 2_000, evidence },
    });
    for (const [station, detail] of this.#details) {
      const isAtRest = !(station instanceof Attendant) || (!station.isWaitedFor && station.open.size > 0);
      station.ledger.check(detail, isAtRest);
    }
    for (const name of ["default", "other"] as const) this.#checkTotals(name, false);
  }

  /** All have gone: what is counted then is all there was. */
  async end(): Promise<void> {
    const { server } = this.#started;
    for (const one of [...this.attendants.values(), ...this.#departed]) one.leave();
    const isConnected = (): boolean => [...server.control.peers()].some(({ connections }) => connections > 0);
    await waitFor("everybody to be noticed gone", () => !isConnected(), { pollMs: 1 });
    // Held sessions end, and so do connections that were replaced.
    this.clock.advance(HOLD_MS);
    for (const attendant of [...this.attendants.values()]) this.#over(attendant);
    await server.stop();
    for (const name of ["default", "other"] as const) this.#checkTotals(name, true);
  }

  get #details(): readonly (readonly [Station, PeerDetail])[] {
    const { control } = this.#started.server;
    return [...this.#known].map(([id, station]) => {
      const detail = control.peer(id);
      assert.ok(detail, id);
      return [station, detail];
    });
  }

  /** Whether the server has noticed who is here, by how many connections, and what has arrived. */
  #isSettled(): boolean {
    const rows = [...this.#started.server.control.peers()];
    const seen = rows.map(({ id, connections }) => `${id}: ${connections}`);
    const open = (station: Station): number => (station instanceof Attendant ? station.open.size : 0);
    const expected = [...this.#known].map(([id, station]) => `${id}: ${open(station)}`);
    if (seen.sort().join() !== expected.sort().join()) return false;
    return this.#details.every(([{ ledger }, detail]) => ledger.isSettled(detail));
  }

  /** The sum of those who are here and those who were. */
  #checkTotals(name: Role["network"], isAtRest: boolean): void {
    const departed = this.#departed.filter(({ role }) => role.network === name);
    const ledgers = [...this.#networks[name].stations, ...departed].map(({ ledger }) => ledger.traffic);
    const total = (key: keyof PeerDetail["traffic"]): number => ledgers.reduce((sum, one) => sum + one[key], 0);
    const { traffic } = this.#started.server.control.networks().find((one) => one.name === name) ?? {};
    assert.ok(traffic);
    for (const key of ["receivedFrames", "receivedBytes", "sentFrames", "sentBytes"] as const) {
      assert.equal(traffic[key], total(key), `${key} of ${name}`);
    }
    if (isAtRest) assert.equal(traffic.drops, total("drops"), `drops of ${name}`);
    else assert.ok(traffic.drops <= total("drops"), `drops of ${name}`);
  }

  #isOver({ role, open, heldSinceMs }: Attendant): boolean {
    return open.size === 0 && (role.dialect === "v1" || this.clock.nowMs() >= heldSinceMs + HOLD_MS);
  }

  get #started(): Loopback {
    assert.ok(this.#serving);
    return this.#serving;
  }

  #over(attendant: Attendant): void {
    this.attendants.delete(attendant.role);
    this.#networks[attendant.role.network].stations.delete(attendant);
    for (const [id, station] of this.#known) if (station === attendant) this.#known.delete(id);
    this.#departed.push(attendant);
  }

  #hostOf({ mac, network }: Role): number {
    return Number.parseInt(mac.slice(-2), 16) + (network === "default" ? 0 : 100);
  }

  /** Of whom the server knows and we do not yet. */
  #newId(): string {
    const fresh = [...this.#started.server.control.peers()].find(({ id }) => !this.#known.has(id));
    assert.ok(fresh);
    return fresh.id;
  }
}
