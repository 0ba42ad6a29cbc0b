import type { Identity } from "../access/identity.ts";
import type { Clock } from "../base/clock.ts";
import { FloodLog } from "../base/flood-log.ts";
import type { Logger } from "../base/logger.ts";
import { EventFeed, logAndPublish } from "../control/event-feed.ts";
import { answerLegacyControl } from "../control/legacy-control.ts";
import type { Closed } from "../transport/connection.ts";
import { type ConnectionDeps, makeConnectionDeps, type TuneSocket } from "../transport/connection-deps.ts";
import { CHUNK_BYTES, FrameStore } from "../transport/frame-store.ts";
import { answerAndClose, type Incoming } from "../transport/incoming.ts";
import type { Listener } from "../transport/listener.ts";
import type { MaskBytes } from "../wire/mask.ts";
import type { Access } from "./access.ts";
import { Admission, type AdmissionDeps, type Admitted } from "./admission.ts";
import { Bans } from "./bans.ts";
import { Drain } from "./drain.ts";
import { answerHealth } from "./health.ts";
import { controlRefusal, killerFor } from "./legacy-control-access.ts";
import { logSourceOf } from "./log-source.ts";
import type { Network, NetworkDefinition } from "./network.ts";
import { Networks } from "./networks.ts";
import type { ServerOperations } from "./operator-actions.ts";
import { Peer, type PeerDeps, type PeerEvents } from "./peer.ts";
import { PeerLog } from "./peer-log.ts";
import type { OnPeer } from "./peer-notice.ts";
import { Reception } from "./reception.ts";
import { RefusalLog } from "./refusal-log.ts";
import { claimsTooFast, noRoom, Room, sessionOver, tooCrowded } from "./room.ts";
import { ServerControl, type ServerControlDeps } from "./server-control.ts";
import type { ServerOptions } from "./server-options.ts";
import { MAX_ALL_HELD_BYTES } from "./session.ts";
import { SessionTokens } from "./session-tokens.ts";
import { Tenure } from "./tenure.ts";

export interface ServerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly mask: MaskBytes;
  readonly tuneSocket: TuneSocket;
  readonly limiter: AdmissionDeps["limiter"];
  /** Bound, not open. The server owns them from now on. */
  readonly listeners: readonly Listener[];
  readonly networks: readonly NetworkDefinition[];
  readonly access: Access;
  /** Takes requests for pages that are served under a path; false for what is none of them. */
  readonly onPage?: (incoming: Incoming) => boolean;
  /** A TAP is gone: the process should stop. */
  readonly onDeviceError: (error: Error) => void;
  /** Where `log` is published already; by default the server publishes what it logs itself. */
  readonly events?: EventFeed;
  /** What operators may ask for; by default they cannot. */
  readonly operations?: ServerOperations;
  readonly onPeer?: OnPeer;
}

const TICK_MS = 1_000;
/** Credentials that were taken back are no good within a second. */
const TENURE_TICK_MS = 500;

/**
 * The composition root of the server: listeners, who may come in, the networks and their ports.
 *
 *     made ──start()──► serving ──stop()──► draining (close 1001 to every peer) ──► stopped, the TAPs are gone
 */
export class Server {
  /** What is seen of the server, and done to it, while it runs. */
  readonly control: ServerControl;
  /** Unix milliseconds. */
  readonly startedMs = Date.now();
  readonly #deps: ServerDeps;
  readonly #options: ServerOptions;
  readonly #networks: Networks;
  readonly #connectionDeps: ConnectionDeps;
  readonly #admission: Admission;
  readonly #reception: Reception;
  readonly #drain: Drain;
  readonly #bans = new Bans({ nowUnixMs: Date.now });
  readonly #tenure: Tenure;
  readonly #room: Room;
  readonly #floodLog: FloodLog;
  readonly #peerLog: PeerLog;
  readonly #peerDeps: Omit<PeerDeps, "network">;
  readonly #peers = new Map<number, Peer>();
  #access: Access;
  #lastId = 0;
  #stopTicking: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: ServerDeps, options: ServerOptions) {
    const { clock, access, limiter } = deps;
    const events = deps.events ?? new EventFeed();
    const log = deps.events === undefined ? logAndPublish(deps.log, events) : deps.log;
    this.#deps = { ...deps, log };
    this.#options = options;
    this.#access = access;
    this.#connectionDeps = makeConnectionDeps(clock, deps.mask, deps.tuneSocket);
    this.#floodLog = new FloodLog(clock, log);
    const floodLog = this.#floodLog;
    this.#networks = new Networks({ clock, floodLog, segmenter: this.#connectionDeps.segmenter }, options);
    this.#peerLog = new PeerLog({ floodLog, onPeer: deps.onPeer });
    const tokens = new SessionTokens<Peer>();
    const peerEvents: PeerEvents = {
      onConnectionLost: (...lost) => this.#onConnectionLost(...lost),
      onGone: (peer, closed) => this.#onGone(peer, closed),
    };
    const store = new FrameStore({ maxChunks: MAX_ALL_HELD_BYTES / CHUNK_BYTES });
    this.#peerDeps = { clock, log, connectionDeps: this.#connectionDeps, tokens, store, events: peerEvents };
    this.#tenure = new Tenure({ floodLog, peers: this.#peers });
    this.#room = new Room({ networks: this.#networks, peers: this.#peers, tenure: this.#tenure, tokens }, options);
    const placeFor = (admitted: Admitted) => this.#room.placeFor(admitted, this.#lastId + 1);
    this.#admission = new Admission({ clock, limiter, bans: this.#bans, placeFor }, access);
    this.#reception = new Reception({
      floodLog,
      admission: this.#admission,
      refusals: new RefusalLog(clock, log),
      isClosed: () => this.isDraining,
      join: (incoming, admitted) => this.#join(incoming, admitted),
    });
    this.#drain = new Drain({ clock, peers: this.#peers }, options);
    this.control = new ServerControl(this.#controlDeps(log, events), options);
    this.#networks.configure(deps.networks, access.guard);
    this.#networks.reserveAddresses(access.policy);
  }

  /** The addresses in force. */
  get addresses(): readonly string[] {
    return this.#deps.listeners.map((listener) => listener.address);
  }

  /** Whether it stops, and takes nobody any more. */
  get isDraining(): boolean {
    return this.#stopped !== undefined;
  }

  /** Peers, and requests that were refused, since the start. */
  get joined(): number {
    return this.#lastId;
  }

  get refused(): number {
    return this.#reception.refused;
  }

  /** Forwards, and lets peers in, from now on. */
  start(): void {
    const { clock } = this.#deps;
    const cancels = [
      clock.every(TICK_MS, () => this.#tick()),
      clock.every(TENURE_TICK_MS, () => this.#tenure.endStale(this.#access, Date.now())),
    ];
    this.#stopTicking = () => {
      for (const cancel of cancels) cancel();
    };
    this.control.start();
    for (const { uplink } of this.#networks.all) uplink?.start((error) => this.#deps.onDeviceError(error));
    for (const listener of this.#deps.listeners) listener.open((incoming) => this.#onIncoming(incoming));
  }

  /**
   * Puts another access in force, for newcomers and for those who are here: who may not stay is cut, who may do other
   * things than before may from the next frame on. A network that has no TAP comes and goes with `networks`.
   */
  reload(access: Access, networks: readonly NetworkDefinition[]): void {
    this.#access = access;
    this.#admission.use(access);
    this.#networks.configure(networks, access.guard);
    this.#networks.reserveAddresses(access.policy);
    this.recheck();
    this.#networks.keepOnly(networks);
  }

  /** Looks again at everybody who is here: credentials may have been revoked, the policy may be another. */
  recheck(): void {
    this.#tenure.recheck(this.#access, Date.now());
  }

  /** Drains: no new connections, close 1001 to every peer, then the TAPs go. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopTicking?.();
    this.control.stop();
    for (const listener of this.#deps.listeners) listener.close();
    await this.#drain.run();
    for (const { definition } of this.#networks.all) definition.device?.close();
  }

  #tick(): void {
    this.#networks.tick();
    this.#tenure.reportDrops(this.#deps.clock.nowMs());
    this.#tenure.endBanned(this.#bans);
    this.control.tick();
  }

  #controlDeps(log: Logger, events: EventFeed): ServerControlDeps {
    const { clock, operations } = this.#deps;
    const parts = { networks: this.#networks, peers: this.#peers, tenure: this.#tenure, bans: this.#bans };
    return { clock, log, events, operations, ...parts, life: this };
  }

  #onIncoming(incoming: Incoming): void {
    if (incoming.isControl) this.#answerControl(incoming);
    else if (this.#deps.onPage?.(incoming) === true) return;
    else if (incoming.request.path === "/healthz") answerHealth(incoming, this.#peers.size);
    else void this.#reception.receive(incoming);
  }

  #join(incoming: Incoming, admitted: Admitted): void {
    const place = this.#room.placeFor(admitted, this.#lastId + 1);
    if (place.state === "refused") this.#reception.refuse(incoming, place);
    else if (place.state === "claimed") this.#resume(place.peer, incoming, admitted);
    // The session that it claimed has ended since: what it showed was not redeemed for a new one.
    else if (admitted.isClaim) this.#reception.refuse(incoming, sessionOver(admitted));
    else this.#begin(place.network, incoming, admitted);
  }

  #begin(network: Network, incoming: Incoming, admitted: Admitted): void {
    const id = this.#lastId + 1;
    const peer = new Peer({ ...this.#peerDeps, network }, id, admitted, this.#options);
    this.#tenure.makeRoom(peer);
    if (this.#peers.size >= this.#options.maxPeers) this.#tenure.freePlace();
    if (!peer.join()) {
      this.#reception.refuse(incoming, noRoom(admitted, 503, "full", "This network has as many peers as it takes."));
      return;
    }
    this.#lastId = id;
    this.#peers.set(id, peer);
    this.#tenure.begin(peer);
    this.control.peerCame(peer);
    peer.attach(incoming, admitted, () => this.#peerLog.joined(peer, incoming, admitted));
    void this.#giveCredential(peer, admitted.identity);
  }

  #resume(peer: Peer, incoming: Incoming, admitted: Admitted): void {
    if (!peer.session.takeClaim()) {
      this.#reception.refuse(incoming, claimsTooFast(admitted));
      return;
    }
    const number = admitted.opening.session?.connection ?? 0;
    if (incoming.isCrowded && peer.session.isBeside(number)) {
      this.#reception.refuse(incoming, tooCrowded(admitted));
      return;
    }
    peer.attach(incoming, admitted, (arrival) => {
      this.#tenure.resumed(peer);
      this.#peerLog.resumed(peer, incoming, number, arrival);
    });
  }

  async #giveCredential(peer: Peer, identity: Identity): Promise<void> {
    try {
      const credential = await this.#access.issueCredential(identity);
      if (credential !== undefined) peer.giveCredential(credential);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const log = this.#floodLog.about(logSourceOf(peer));
      const message = `peer ${peer.id} got no lasting credential: ${reason}`;
      log.error("access.credential-failed", message, { peer: peer.id });
    }
  }

  #onConnectionLost(peer: Peer, connection: number, closed: Closed): void {
    this.#peerLog.connectionLost(peer, connection, closed);
    if (peer.session.isHeld) this.#tenure.held(peer);
  }

  #onGone(peer: Peer, closed: Closed): void {
    this.#peers.delete(peer.id);
    this.#tenure.end(peer);
    this.control.peerLeft(peer);
    this.#peerLog.left(peer, closed);
    this.#drain.peerLeft();
  }

  #answerControl(incoming: Incoming): void {
    const refused = controlRefusal(incoming, this.#access.trustedProxies);
    if (refused !== undefined) {
      this.#reception.refuse(incoming, refused);
      return;
    }
    const kill = killerFor(incoming, this.control);
    answerAndClose(incoming.socket, answerLegacyControl(incoming.request.query, this.control, kill));
  }
}
