import { randomInt } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { answerLegacyControl } from "../control/legacy-control.ts";
import type { PeerSnapshot } from "../control/peer-snapshot.ts";
import type { Device } from "../device/device.ts";
import { SWITCH_DEFAULTS, Switch } from "../switch/switch.ts";
import type { Closed } from "../transport/connection.ts";
import { type ConnectionDeps, makeConnectionDeps, type TuneSocket } from "../transport/connection-deps.ts";
import { answerAndClose, type Incoming, refuse } from "../transport/incoming.ts";
import type { Listener } from "../transport/listener.ts";
import { CloseCode } from "../wire/close-code.ts";
import { formatResponse } from "../wire/http.ts";
import type { Mac } from "../wire/mac.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { type AcceptedOpening, acceptOpening } from "../wire/opening.ts";
import { printable } from "../wire/printable.ts";
import { Peer } from "./peer.ts";
import type { ServerOptions } from "./server-options.ts";
import { Uplink } from "./uplink.ts";

export interface ServerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly mask: MaskBytes;
  readonly tuneSocket: TuneSocket;
  /** Bound, not open. The server owns them from now on. */
  readonly listeners: readonly Listener[];
  /** The server's own TAP. The server owns it from now on. */
  readonly device: Device | undefined;
  /** The device is gone: the process should stop. */
  readonly onDeviceError: (error: Error) => void;
}

/** The uplink's id in the control interface; peers count from 1. */
const UPLINK_ID = 0;
const TICK_MS = 1_000;
/** How long a drain waits for peers to take their leave, beyond the time a close may take. */
const DRAIN_MARGIN_MS = 500;

/**
 * The composition root of the server: listeners, the switch, its ports.
 *
 *     made ──start()──► serving ──stop()──► draining (close 1001 to every peer) ──► stopped, the TAP is gone
 */
export class Server {
  readonly #deps: ServerDeps;
  readonly #options: ServerOptions;
  readonly #switch: Switch;
  readonly #connectionDeps: ConnectionDeps;
  readonly #uplink: Uplink | undefined;
  readonly #peers = new Map<number, Peer>();
  readonly #startedMs = Date.now();
  #lastId = UPLINK_ID;
  #stopTicking: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: ServerDeps, options: ServerOptions) {
    const { clock } = deps;
    this.#deps = deps;
    this.#options = options;
    const { floodBroadcast, floodMulticast } = options;
    // One port more than peers, for the uplink.
    const maxPorts = options.maxPeers + 1;
    const hashSeed = randomInt(2 ** 32);
    this.#switch = new Switch({ clock }, { ...SWITCH_DEFAULTS, floodBroadcast, floodMulticast, maxPorts, hashSeed });
    this.#connectionDeps = makeConnectionDeps(clock, deps.mask, deps.tuneSocket);
    if (deps.device !== undefined) {
      const { segmenter } = this.#connectionDeps;
      const uplinkDeps = { device: deps.device, switch: this.#switch, segmenter };
      this.#uplink = new Uplink(uplinkDeps, { bridge: options.bridge });
    }
  }

  /** The addresses in force. */
  get addresses(): readonly string[] {
    return this.#deps.listeners.map((listener) => listener.address);
  }

  /** Forwards, and lets peers in, from now on. */
  start(): void {
    this.#stopTicking = this.#deps.clock.every(TICK_MS, () => this.#switch.tick());
    this.#uplink?.start((error) => this.#deps.onDeviceError(error));
    for (const listener of this.#deps.listeners) listener.open((incoming) => this.#onIncoming(incoming));
  }

  /** Drains: no new connections, close 1001 to every peer, then the TAP goes. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopTicking?.();
    for (const listener of this.#deps.listeners) listener.close();
    if (this.#peers.size > 0) await this.#drain();
    this.#deps.device?.close();
  }

  /** Every attachment, the uplink first. */
  peers(): readonly PeerSnapshot[] {
    const learned = this.#learnedMacs();
    const snapshots: PeerSnapshot[] = [];
    if (this.#uplink !== undefined) snapshots.push(this.#uplinkSnapshot(this.#uplink, learned));
    for (const peer of this.#peers.values()) snapshots.push(peer.snapshot(learned.get(peer.port?.index ?? -1) ?? []));
    return snapshots;
  }

  #onIncoming(incoming: Incoming): void {
    if (incoming.isControl) this.#answerControl(incoming);
    else if (incoming.request.path === "/healthz") this.#answerHealth(incoming);
    else this.#admit(incoming);
  }

  #admit(incoming: Incoming): void {
    const opening = acceptOpening(incoming.request);
    if (opening.state === "refused") {
      const { status, message } = opening;
      this.#deps.log.debug("peer.refused", message, { address: printable(incoming.word.address), status });
      refuse(incoming.socket, status, message, opening.headers);
      return;
    }
    if (opening.mac !== undefined && opening.mac === this.#uplink?.port.mac) {
      refuse(incoming.socket, 409, "That MAC address is the server's own.");
      return;
    }
    const id = this.#lastId + 1;
    const onGone = (gone: Peer, closed: Closed): void => this.#onGone(gone, closed);
    const peerDeps = { log: this.#deps.log, switch: this.#switch, connectionDeps: this.#connectionDeps, onGone };
    const peer = new Peer(peerDeps, id, incoming, opening, this.#options);
    if (!peer.join()) {
      refuse(incoming.socket, 503, "This server has as many peers as it takes.", [["Retry-After", "60"]]);
      return;
    }
    this.#lastId = id;
    this.#peers.set(id, peer);
    incoming.socket.write(formatResponse(101, opening.headers));
    this.#logJoin(peer, incoming, opening);
    peer.start();
  }

  #logJoin(peer: Peer, incoming: Incoming, opening: AcceptedOpening): void {
    const address = printable(incoming.word.address);
    const user = printable(incoming.word.user);
    const { dialect, mac, bridge } = opening;
    const who = `${user === "" ? "" : `${user} at `}${address === "" ? incoming.via : address}`;
    const what = `${bridge ? "bridge " : ""}${mac ?? "MAC not announced"}`;
    const fields = { peer: peer.id, address, user, via: incoming.via, dialect, mac, bridge };
    this.#deps.log.info("peer.joined", `peer ${peer.id} joined: ${who}, ${what}, ${dialect}`, fields);
  }

  #onGone(peer: Peer, closed: Closed): void {
    this.#peers.delete(peer.id);
    const { code, reason, by } = closed;
    const { receivedBytes, sentBytes } = peer.connection;
    const text = `peer ${peer.id} left: ${reason === "" ? `code ${code}` : reason}`;
    this.#deps.log.info("peer.left", text, { peer: peer.id, code, by, receivedBytes, sentBytes });
    if (this.#peers.size === 0) this.#onEmpty?.();
  }

  #answerControl(incoming: Incoming): void {
    const actions = { peers: () => this.peers(), kill: (id: number) => this.#kill(id) };
    answerAndClose(incoming.socket, answerLegacyControl(incoming.request.query, actions));
  }

  #kill(id: number): boolean {
    const peer = this.#peers.get(id);
    peer?.close(CloseCode.policyViolation, "closed by the operator");
    return peer !== undefined;
  }

  #answerHealth(incoming: Incoming): void {
    const body = `${JSON.stringify({ status: "ok", peers: this.#peers.size })}\n`;
    const headers = [
      ["Content-Type", "application/json"],
      ["Cache-Control", "no-store"],
      ["Connection", "close"],
    ] as const;
    answerAndClose(incoming.socket, formatResponse(200, headers, body));
  }

  async #drain(): Promise<void> {
    const isEmpty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      this.#deps.clock.after(this.#options.closeTimeoutMs + DRAIN_MARGIN_MS, resolve);
    });
    for (const peer of this.#peers.values()) peer.sendAway("shutting-down", "the server is shutting down");
    await isEmpty;
  }

  #learnedMacs(): Map<number, Mac[]> {
    const byPort = new Map<number, Mac[]>();
    for (const { port, mac, pinned } of this.#switch.entries()) {
      if (pinned) continue;
      const macs = byPort.get(port);
      if (macs === undefined) byPort.set(port, [mac]);
      else macs.push(mac);
    }
    return byPort;
  }

  #uplinkSnapshot({ port }: Uplink, learned: ReadonlyMap<number, readonly Mac[]>): PeerSnapshot {
    return {
      id: UPLINK_ID,
      mac: port.mac,
      remoteAddress: "",
      user: "",
      distinguishedName: "",
      sinceMs: this.#startedMs,
      bridge: port.bridge,
      learnedMacs: learned.get(port.index) ?? [],
      sentBytes: port.sentBytes,
      receivedBytes: port.receivedBytes,
    };
  }
}
