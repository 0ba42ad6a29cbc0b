import type { CaptureOutcome, CaptureRequest } from "../src/capture/capture.ts";
import type { Action, ActionResult, Operator } from "../src/control/action.ts";
import type { ControlModel } from "../src/control/control-model.ts";
import { EventFeed } from "../src/control/event-feed.ts";
import {
  type Ban,
  type DropCounts,
  type DropRow,
  type FdbRow,
  type HistorySample,
  MODEL_VERSION,
  type NetworkInfo,
  type PairList,
  type PeerDetail,
  type PeerRow,
  type ServerInfo,
  type Traffic,
} from "../src/control/model.ts";
import { emptyCapture } from "./empty-capture.ts";
import { FakePeer } from "./fake-peer.ts";

const HISTORY_SECONDS = 600;
const PAIRS = 40;
const NETWORKS = ["office", "lab"] as const;

/**
 * A server with as many peers as a test wants: every view can be tried on it. Peers send and are sent when `advance`
 * says so; nothing is random between two runs. Does what it is told, and remembers it.
 */
export class FakeControlModel implements ControlModel {
  readonly events = new EventFeed();
  readonly performed: { readonly operator: Operator; readonly action: Action }[] = [];
  readonly captures: CaptureRequest[] = [];
  /** Of these who is here; a test may change what it likes. */
  readonly fakePeers = new Map<string, FakePeer>();
  /** Of pairs that found no room. */
  uncountedFrames = 0;
  readonly #startedMs: number;
  readonly #history: HistorySample[] = [];
  readonly #bans: Ban[] = [];
  readonly #gone = { receivedFrames: 0, receivedBytes: 0, sentFrames: 0, sentBytes: 0, drops: 0 };
  #state: ServerInfo["state"] = "serving";
  #nowMs: number;
  #joined = 0;
  #lastBan = 0;
  #seed = 1;

  constructor(peers = 1_000, startedMs = 1_764_000_000_000) {
    this.#startedMs = startedMs;
    this.#nowMs = startedMs;
    for (let count = 0; count < peers; count++) this.join();
    this.#sample();
  }

  /** One more peer. */
  join(): FakePeer {
    const peer = new FakePeer(this.#joined, this.#random, this.#nowMs);
    this.#joined++;
    this.fakePeers.set(peer.row.id, peer);
    const { id, user, network, address } = peer.row;
    const fields = { peer: Number(id), user, network, address };
    this.events.publish("info", "peer.joined", `peer ${id} joined ${network} from ${address}`, fields);
    return peer;
  }

  leave(id: string, reason = "the client went away"): void {
    const peer = this.fakePeers.get(id);
    if (peer === undefined) return;
    this.fakePeers.delete(id);
    addTraffic(this.#gone, peer.row.traffic);
    this.events.publish("info", "peer.left", `peer ${id} left: ${reason}`, { peer: Number(id), reason });
  }

  /** Lets time pass: traffic flows, and each second is a sample. */
  advance(ms: number): void {
    for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
      const stepMs = Math.min(leftMs, 1_000);
      this.#nowMs += stepMs;
      for (const peer of this.fakePeers.values()) peer.advance(stepMs, this.#random);
      if (stepMs === 1_000) this.#sample();
    }
  }

  server(): ServerInfo {
    const rows = [...this.fakePeers.values()].map(({ row }) => row);
    return {
      modelVersion: MODEL_VERSION,
      instance: `fake-${this.#startedMs}`,
      agent: "vpn-ws/0.1.0",
      runtime: "v20.20.2",
      processId: 4321,
      startedMs: this.#startedMs,
      nowMs: this.#nowMs,
      state: this.#state,
      listeners: ["https://0.0.0.0:443", "unix:/run/vpn-ws.sock"],
      networks: NETWORKS.length,
      peers: {
        here: rows.length,
        held: rows.filter(({ state }) => state === "held").length,
        limit: 4_096,
        joined: this.#joined,
        refused: 12,
      },
      connections: rows.reduce((sum, { connections }) => sum + connections, 0),
      traffic: this.#traffic(),
      memory: { residentBytes: 120_000_000, heapBytes: 48_000_000 },
      loopDelay: { medianMs: 0.4, p99Ms: 3.1 },
    };
  }

  networks(): readonly NetworkInfo[] {
    return NETWORKS.map((name) => {
      const peers = [...this.fakePeers.values()].filter(({ row }) => row.network === name);
      const entries = peers.reduce((sum, { macs }) => sum + macs.length, 0) + 1;
      const traffic = emptyTraffic();
      for (const { row } of peers) addTraffic(traffic, row.traffic);
      return {
        name,
        mtu: 1_500,
        uplink: { name: `tap-${name}`, mac: uplinkMac(name), bridge: name === "office" },
        peers: peers.length,
        floodBroadcast: true,
        floodMulticast: true,
        fdb: { entries, learned: entries - peers.length - 1, capacity: 65_536 },
        traffic,
      };
    });
  }

  *peers(): Iterable<PeerRow> {
    for (const name of NETWORKS) yield this.#uplink(name);
    for (const { row } of this.fakePeers.values()) yield { ...row, traffic: { ...row.traffic }, wire: { ...row.wire } };
  }

  peer(id: string): PeerDetail | undefined {
    return this.fakePeers.get(id)?.detail(this.#nowMs);
  }

  *fdb(): Iterable<FdbRow> {
    for (const name of NETWORKS) {
      yield { network: name, mac: uplinkMac(name), peer: `uplink:${name}`, user: "", pinned: true, ageMs: 0 };
    }
    for (const { row, macs } of this.fakePeers.values()) {
      const { network, id: peer, user } = row;
      for (const [host, mac] of macs.entries()) {
        const pinned = host === 0 && !row.bridge;
        yield { network, mac, peer, user, pinned, ageMs: pinned ? 0 : (Number(peer) * 977 + host * 31) % 300_000 };
      }
    }
  }

  drops(): readonly DropRow[] {
    return NETWORKS.flatMap((network) =>
      (["ingress", "egress"] as const).flatMap((direction) =>
        Object.entries(this.#drops(network, direction)).map(([reason, frames = 0]) => {
          const explanation = `Frames were lost for ${reason}. Nothing needs to be done while they are few.`;
          return { network, reason, direction, frames, explanation };
        }),
      ),
    );
  }

  history(): readonly HistorySample[] {
    return [...this.#history];
  }

  pairs(): PairList {
    const rows = [...this.fakePeers.values()].slice(0, PAIRS).map(({ row }) => row);
    const pairs = rows.map(({ id, network, traffic }, place) => {
      const mate = place % 3 === 0 ? rows.find((row) => row.network === network && row.id !== id) : undefined;
      const to = mate?.id ?? `uplink:${network}`;
      return { network, from: id, to, frames: traffic.receivedFrames, bytes: traffic.receivedBytes };
    });
    return { pairs, uncountedFrames: this.uncountedFrames };
  }

  bans(): readonly Ban[] {
    return this.#bans.filter(({ untilMs }) => untilMs > this.#nowMs);
  }

  capture(_operator: Operator, request: CaptureRequest): CaptureOutcome {
    if (request.filter.includes("(")) return { state: "refused", why: "invalid", message: "there is no ) in it." };
    if (request.peer !== undefined && !this.#isKnown(request.peer)) {
      return { state: "refused", why: "not-found", message: "There is no such peer." };
    }
    this.captures.push(request);
    return { state: "open", capture: emptyCapture() };
  }

  async perform(operator: Operator, action: Action): Promise<ActionResult> {
    this.performed.push({ operator, action });
    const result = this.#do(operator, action);
    const fields = { operator: operator.name, action: action.kind, state: result.state };
    this.events.publish("info", "control.action", `${operator.name}: ${action.kind}: ${result.message}`, fields);
    return result;
  }

  #do(operator: Operator, action: Action): ActionResult {
    if (action.kind === "unban") return this.#unban(action.ban);
    if (action.kind === "drain") this.#state = "draining";
    if (action.kind === "reload" || action.kind === "drain") return done(`${action.kind} was begun`);
    if (action.kind === "flush-fdb") return done("3 addresses were forgotten");
    const peer = this.fakePeers.get(action.peer);
    if (peer === undefined && action.peer.startsWith("uplink:")) return refused("impossible", "That is an uplink.");
    if (peer === undefined) return refused("not-found", `There is no peer ${action.peer}.`);
    if (action.kind === "kick") return this.#kick(operator, peer, action);
    if (action.kind === "isolate") peer.row.isolated = action.isolated ?? false;
    if (action.kind === "rate" && action.up !== undefined) peer.rateUp = action.up;
    if (action.kind === "rate" && action.down !== undefined) peer.rateDown = action.down;
    return done(`peer ${action.peer} was changed`);
  }

  #kick(operator: Operator, { row }: FakePeer, action: Extract<Action, { kind: "kick" }>): ActionResult {
    this.leave(row.id, action.reason);
    if (action.banMs === 0) return done(`peer ${row.id} was sent away`);
    const { user } = row;
    const mac = user === "" ? row.mac : null;
    const until = { reason: action.reason, by: operator.name, untilMs: this.#nowMs + action.banMs };
    this.#bans.push({ id: String(++this.#lastBan), user, mac, ...until });
    return done(`peer ${row.id} was sent away and may not come back`);
  }

  #unban(id: string): ActionResult {
    const place = this.#bans.findIndex((ban) => ban.id === id);
    if (place < 0) return refused("not-found", `There is no ban ${id}.`);
    this.#bans.splice(place, 1);
    return done(`ban ${id} was lifted`);
  }

  #isKnown(peer: string): boolean {
    return this.fakePeers.has(peer) || [...this.fakePeers.values()].some(({ row }) => row.user === peer);
  }

  #uplink(network: string): PeerRow {
    const nobody = { user: "", method: "", guest: false, address: "", distinguishedName: "" } as const;
    const client = { dialect: null, agent: null, wire: { receivedBytes: 0, sentBytes: 0 } } as const;
    const idle = { connections: 0, roundTripMs: null, queuedBytes: 0, isolated: false, shut: false } as const;
    const what = { id: `uplink:${network}`, kind: "uplink", network, mac: uplinkMac(network), bridge: false } as const;
    return { ...what, ...nobody, ...client, ...idle, state: "open", sinceMs: this.#startedMs, traffic: emptyTraffic() };
  }

  #traffic(): Traffic {
    const sum = { ...this.#gone };
    for (const { row } of this.fakePeers.values()) addTraffic(sum, row.traffic);
    return sum;
  }

  #drops(network: string | undefined, direction: "ingress" | "egress" | "both"): DropCounts {
    const sum: DropCounts = {};
    for (const { row, ingressDrops, egressDrops } of this.fakePeers.values()) {
      if (network !== undefined && row.network !== network) continue;
      if (direction !== "egress") addDrops(sum, ingressDrops);
      if (direction !== "ingress") addDrops(sum, egressDrops);
    }
    return sum;
  }

  #sample(): void {
    const dropsByReason = this.#drops(undefined, "both");
    const sample = { atMs: this.#nowMs, peers: this.fakePeers.size, traffic: this.#traffic(), dropsByReason };
    this.#history.push(sample);
    if (this.#history.length > HISTORY_SECONDS) this.#history.shift();
  }

  /** From 0 to 1, the same in every run (Park and Miller's generator). */
  readonly #random = (): number => {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  };
}

function done(message: string): ActionResult {
  return { state: "done", message };
}

function refused(why: "not-found" | "impossible", message: string): ActionResult {
  return { state: "refused", why, message };
}

function emptyTraffic(): Traffic {
  return { receivedFrames: 0, receivedBytes: 0, sentFrames: 0, sentBytes: 0, drops: 0 };
}

function addTraffic(sum: Traffic, more: Traffic): void {
  for (const key of Object.keys(sum) as (keyof Traffic)[]) sum[key] += more[key];
}

function addDrops(sum: DropCounts, more: DropCounts): void {
  for (const [reason, frames = 0] of Object.entries(more)) sum[reason] = (sum[reason] ?? 0) + frames;
}

function uplinkMac(network: string): string {
  return network === "office" ? "02:ff:00:00:00:01" : "02:ff:00:00:00:02";
}
