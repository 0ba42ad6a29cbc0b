import { randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { DropCounters } from "../base/drop-reason.ts";
import { AGENT } from "../base/version.ts";
import type { CaptureOutcome, CaptureRequest } from "../capture/capture.ts";
import type { Action, ActionResult, Operator } from "../control/action.ts";
import type { ControlModel } from "../control/control-model.ts";
import { DROP_EXPLANATIONS } from "../control/drop-explanations.ts";
import type { EventFeed } from "../control/event-feed.ts";
import {
  type Ban,
  type DropRow,
  type FdbRow,
  type HistorySample,
  MODEL_VERSION,
  type NetworkInfo,
  type PairList,
  type PeerDetail,
  type PeerRow,
  type ServerInfo,
} from "../control/model.ts";
import { tidyMs } from "../control/tidy-milliseconds.ts";
import { Attachments, type AttachmentsDeps } from "./attachments.ts";
import { ControlCapture } from "./control-capture.ts";
import { History } from "./history.ts";
import { LoopDelay } from "./loop-delay.ts";
import type { Network } from "./network.ts";
import { OperatorActions, type OperatorActionsDeps } from "./operator-actions.ts";
import type { Peer } from "./peer.ts";
import { peerDetail, uplinkDetail } from "./peer-detail.ts";
import { idAt, peerRow, uplinkRow, userAt } from "./peer-row.ts";
import { TrafficPairs } from "./traffic-pairs.ts";
import { TrafficTotals, trafficOf } from "./traffic-totals.ts";

/** What only the server itself knows of itself. */
interface ServerLife {
  readonly startedMs: number;
  readonly isDraining: boolean;
  readonly addresses: readonly string[];
  /** Since the start. */
  readonly joined: number;
  readonly refused: number;
}

export interface ServerControlDeps extends Omit<OperatorActionsDeps, "attachments">, AttachmentsDeps {
  readonly clock: Clock;
  readonly events: EventFeed;
  readonly life: ServerLife;
}

/** The control model of a running server: reads what its parts count anyway, and keeps no second account. */
export class ServerControl implements ControlModel {
  readonly events: EventFeed;
  readonly #deps: ServerControlDeps;
  readonly #maxPeers: number;
  readonly #instance = randomUUID();
  readonly #attachments: Attachments;
  readonly #actions: OperatorActions;
  readonly #history = new History();
  readonly #loopDelay: LoopDelay;
  readonly #pairs: TrafficPairs;
  readonly #captures: ControlCapture;

  constructor(deps: ServerControlDeps, { maxPeers }: { readonly maxPeers: number }) {
    this.events = deps.events;
    this.#deps = deps;
    this.#maxPeers = maxPeers;
    this.#attachments = new Attachments(deps);
    this.#actions = new OperatorActions({ ...deps, attachments: this.#attachments });
    this.#loopDelay = new LoopDelay(deps.clock);
    this.#pairs = new TrafficPairs(deps.clock);
    this.#captures = new ControlCapture(deps);
  }

  start(): void {
    this.#loopDelay.start();
    this.#sample();
  }

  /** Call it every second. */
  tick(): void {
    this.#loopDelay.tick();
    this.#pairs.tick();
    this.#sample();
  }

  stop(): void {
    this.#loopDelay.stop();
    this.#captures.end();
  }

  /** A peer has its port, which captures may be about. */
  peerCame(peer: Peer): void {
    this.#captures.came(peer);
  }

  /** A peer is gone, and its port with it. */
  peerLeft(peer: Peer): void {
    this.#captures.left(peer);
  }

  server(): ServerInfo {
    const { life, networks, peers } = this.#deps;
    const { rss, heapUsed } = process.memoryUsage();
    let held = 0;
    let connections = 0;
    for (const { session } of peers.values()) {
      if (session.isHeld) held++;
      connections += session.connections.length;
    }
    return {
      modelVersion: MODEL_VERSION,
      instance: this.#instance,
      agent: AGENT,
      runtime: process.version,
      processId: process.pid,
      startedMs: life.startedMs,
      nowMs: Date.now(),
      state: life.isDraining ? "draining" : "serving",
      listeners: [...life.addresses],
      networks: networks.all.length,
      peers: { here: peers.size, held, limit: this.#maxPeers, joined: life.joined, refused: life.refused },
      connections,
      traffic: trafficOf(this.#totals()),
      memory: { residentBytes: rss, heapBytes: heapUsed },
      loopDelay: this.#loopDelay.lastTenSeconds,
    };
  }

  networks(): readonly NetworkInfo[] {
    return this.#deps.networks.all.map(networkInfo);
  }

  *peers(): Generator<PeerRow> {
    const { networks, peers, life } = this.#deps;
    for (const network of networks.all) {
      if (network.uplink !== undefined) yield uplinkRow(network, network.uplink, life.startedMs);
    }
    for (const peer of peers.values()) yield peerRow(peer);
  }

  peer(id: string): PeerDetail | undefined {
    const peer = this.#attachments.peer(id);
    if (peer !== undefined) return peerDetail(peer);
    const at = this.#attachments.uplink(id);
    return at === undefined ? undefined : uplinkDetail(at.network, at.uplink, this.#deps.life.startedMs);
  }

  *fdb(): Generator<FdbRow> {
    for (const network of this.#deps.networks.all) {
      for (const { mac, port: index, pinned, ageMs } of network.switch.entries()) {
        const port = network.switch.portAt(index);
        if (port === undefined) continue;
        yield {
          network: network.definition.name,
          mac,
          peer: idAt(network, port),
          user: userAt(port),
          pinned,
          ageMs: tidyMs(ageMs),
        };
      }
    }
  }

  drops(): readonly DropRow[] {
    return this.#deps.networks.all.flatMap((network) => {
      const { ingressDrops, egressDrops } = network.totals;
      const { name } = network.definition;
      return [...dropRows(name, "ingress", ingressDrops), ...dropRows(name, "egress", egressDrops)];
    });
  }

  history(): readonly HistorySample[] {
    return this.#history.all;
  }

  pairs(): PairList {
    return this.#pairs.look(this.#deps.networks.all);
  }

  bans(): readonly Ban[] {
    return this.#deps.bans.all;
  }

  capture(operator: Operator, request: CaptureRequest): CaptureOutcome {
    return this.#captures.open(operator, request);
  }

  async perform(operator: Operator, action: Action): Promise<ActionResult> {
    return this.performNow(operator, action);
  }

  /** As `perform`. */
  performNow(operator: Operator, action: Action): ActionResult {
    return this.#actions.perform(operator, action);
  }

  #sample(): void {
    const totals = this.#totals();
    const drops = new DropCounters();
    drops.addAll(totals.ingressDrops);
    drops.addAll(totals.egressDrops);
    const { size } = this.#deps.peers;
    this.#history.add({ atMs: Date.now(), peers: size, traffic: trafficOf(totals), dropsByReason: drops.toJSON() });
  }

  #totals(): TrafficTotals {
    const { networks, peers } = this.#deps;
    const totals = new TrafficTotals().add(networks.departed);
    for (const { uplink } of networks.all) if (uplink !== undefined) totals.add(uplink.port);
    // Not by network: peers of one that is configured no more may still be about to go.
    for (const { port } of peers.values()) if (port !== undefined) totals.add(port);
    return totals;
  }
}

function networkInfo(network: Network): NetworkInfo {
  const { definition, uplink } = network;
  const { size: entries, learned, capacity } = network.switch.addresses;
  const { name, mtu, floodBroadcast, floodMulticast } = definition;
  return {
    name,
    mtu,
    uplink:
      uplink === undefined
        ? null
        : { name: uplink.port.name, mac: uplink.port.mac ?? null, bridge: uplink.port.bridge },
    peers: network.switch.ports.length - (uplink === undefined ? 0 : 1),
    floodBroadcast,
    floodMulticast,
    fdb: { entries, learned, capacity },
    traffic: trafficOf(network.totals),
  };
}

function dropRows(network: string, direction: DropRow["direction"], drops: DropCounters): DropRow[] {
  return Object.entries(drops.toJSON()).map(([reason, frames]) => {
    return { network, reason, direction, frames, explanation: DROP_EXPLANATIONS[reason] ?? "" };
  });
}
