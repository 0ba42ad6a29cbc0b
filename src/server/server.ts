import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { answerLegacyControl } from "../control/legacy-control.ts";
import type { PeerSnapshot } from "../control/peer-snapshot.ts";
import type { Closed } from "../transport/connection.ts";
import { type ConnectionDeps, makeConnectionDeps, type TuneSocket } from "../transport/connection-deps.ts";
import { answerAndClose, type Incoming, refuse } from "../transport/incoming.ts";
import type { Listener } from "../transport/listener.ts";
import { CloseCode } from "../wire/close-code.ts";
import { formatResponse } from "../wire/http.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { printable } from "../wire/printable.ts";
import type { Access } from "./access.ts";
import { Admission, type AdmissionDeps, type Admitted, ownerOfUser, type Refused } from "./admission.ts";
import { controlRefusal } from "./control-access.ts";
import { Network, type NetworkDefinition } from "./network.ts";
import { Peer } from "./peer.ts";
import { RefusalLog } from "./refusal-log.ts";
import { noRoom, Room, tooBusyFor } from "./room.ts";
import type { ServerOptions } from "./server-options.ts";
import { snapshotsOf } from "./snapshots.ts";
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
  /** A TAP is gone: the process should stop. */
  readonly onDeviceError: (error: Error) => void;
}

const TICK_MS = 1_000;
/** Credentials that were taken back are no good within a second. */
const TENURE_TICK_MS = 500;
/** How long a drain waits for peers to take their leave, beyond the time a close may take. */
const DRAIN_MARGIN_MS = 500;
/** Requests that wait for their authenticators at a time; as many as may be in their handshake. */
const MAX_DECIDING = 1_024;

/**
 * The composition root of the server: listeners, who may come in, the networks and their ports.
 *
 *     made ──start()──► serving ──stop()──► draining (close 1001 to every peer) ──► stopped, the TAPs are gone
 */
export class Server {
  readonly #deps: ServerDeps;
  readonly #options: ServerOptions;
  readonly #networks = new Map<string, Network>();
  readonly #connectionDeps: ConnectionDeps;
  readonly #admission: Admission;
  readonly #tenure: Tenure;
  readonly #room: Room;
  readonly #refusals: RefusalLog;
  readonly #peers = new Map<number, Peer>();
  readonly #startedMs = Date.now();
  #access: Access;
  #lastId = 0;
  #deciding = 0;
  #stopTicking: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(deps: ServerDeps, options: ServerOptions) {
    const { clock, access, limiter } = deps;
    this.#deps = deps;
    this.#options = options;
    this.#access = access;
    this.#connectionDeps = makeConnectionDeps(clock, deps.mask, deps.tuneSocket);
    this.#refusals = new RefusalLog(clock, deps.log);
    this.#tenure = new Tenure({ log: deps.log, peers: this.#peers });
    this.#room = new Room({ networks: this.#networks, peers: this.#peers, tenure: this.#tenure }, options);
    const obstacleTo = (admitted: Admitted): Refused | undefined => {
      const place = this.#room.placeFor(admitted, this.#lastId + 1);
      return place.state === "refused" ? place : undefined;
    };
    this.#admission = new Admission({ clock, limiter, obstacleTo }, access);
    for (const definition of deps.networks) this.#addNetwork(definition);
    this.#reserveAddresses();
  }

  /** The addresses in force. */
  get addresses(): readonly string[] {
    return this.#deps.listeners.map((listener) => listener.address);
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
    for (const { uplink } of this.#networks.values()) uplink?.start((error) => this.#deps.onDeviceError(error));
    for (const listener of this.#deps.listeners) listener.open((incoming) => this.#onIncoming(incoming));
  }

  /**
   * Puts another access in force, for newcomers and for those who are here: who may not stay is cut, who may do other
   * things than before may from the next frame on. A network that has no TAP comes and goes with `networks`.
   */
  reload(access: Access, networks: readonly NetworkDefinition[]): void {
    this.#access = access;
    this.#admission.use(access);
    for (const definition of networks) if (!this.#networks.has(definition.name)) this.#addNetwork(definition);
    for (const network of this.#networks.values()) network.guard.setOptions(access.guard);
    this.#reserveAddresses();
    this.recheck();
    this.#removeNetworks(new Set(networks.map(({ name }) => name)));
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
    for (const listener of this.#deps.listeners) listener.close();
    if (this.#peers.size > 0) await this.#drain();
    for (const { definition } of this.#networks.values()) definition.device?.close();
  }

  /** Every attachment, the uplinks first. */
  peers(): readonly PeerSnapshot[] {
    return snapshotsOf([...this.#networks.values()], [...this.#peers.values()], this.#startedMs);
  }

  #addNetwork(definition: NetworkDefinition): void {
    const { clock, log } = this.#deps;
    const deps = { clock, log, segmenter: this.#connectionDeps.segmenter };
    const { guard } = this.#access;
    this.#networks.set(definition.name, new Network(deps, definition, this.#options, guard));
  }

  #reserveAddresses(): void {
    for (const [name, { guard }] of this.#networks) {
      const assignments = this.#access.policy.assignmentsIn(name);
      guard.reserve(assignments.map(({ user, rules }) => ({ owner: ownerOfUser(user), rules })));
    }
  }

  /** Those that are configured no more; their peers were sent away by the policy. */
  #removeNetworks(configured: ReadonlySet<string>): void {
    for (const [name, { definition }] of this.#networks) {
      if (!configured.has(name) && definition.device === undefined) this.#networks.delete(name);
    }
  }

  #tick(): void {
    for (const network of this.#networks.values()) network.tick();
    this.#tenure.reportDrops(this.#deps.clock.nowMs());
    this.#refusals.tick();
  }

  #onIncoming(incoming: Incoming): void {
    if (incoming.isControl) this.#answerControl(incoming);
    else if (incoming.request.path === "/healthz") this.#answerHealth(incoming);
    else void this.#admit(incoming);
  }

  async #admit(incoming: Incoming): Promise<void> {
    if (this.#deciding >= MAX_DECIDING) {
      this.#refuse(incoming, tooBusyFor(incoming));
      return;
    }
    this.#deciding++;
    try {
      const decision = await this.#admission.decide(incoming);
      if (decision.state === "refused") this.#refuse(incoming, decision);
      else if (incoming.socket.destroyed || this.#stopped !== undefined) incoming.socket.destroy();
      else this.#join(incoming, decision);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.log.error("access.failed", `a request could not be decided on and was refused: ${reason}`);
      refuse(incoming.socket, 500, "The server could not decide whether you may join.");
    } finally {
      this.#deciding--;
    }
  }

  #refuse(incoming: Incoming, refused: Refused): void {
    const { status, message, headers } = refused;
    this.#refusals.tell(refused, incoming.via);
    refuse(incoming.socket, status, message, headers);
  }

  #join(incoming: Incoming, admitted: Admitted): void {
    const id = this.#lastId + 1;
    const place = this.#room.placeFor(admitted, id);
    if (place.state === "refused") {
      this.#refuse(incoming, place);
      return;
    }
    const { network } = place;
    const { log } = this.#deps;
    const onGone = (gone: Peer, closed: Closed): void => this.#onGone(gone, closed);
    const peerDeps = { log, network, connectionDeps: this.#connectionDeps, onGone };
    const peer = new Peer(peerDeps, id, incoming, admitted, this.#options);
    this.#tenure.makeRoom(peer);
    if (!peer.join()) {
      this.#refuse(incoming, noRoom(admitted, 503, "full", "This network has as many peers as it takes."));
      return;
    }
    this.#lastId = id;
    this.#peers.set(id, peer);
    this.#tenure.begin(peer);
    incoming.socket.write(formatResponse(101, admitted.opening.headers));
    this.#logJoin(peer, incoming, admitted);
    peer.start();
    void this.#giveCredential(peer);
  }

  async #giveCredential(peer: Peer): Promise<void> {
    try {
      const credential = await this.#access.issueCredential(peer.identity);
      if (credential !== undefined) peer.giveCredential(credential);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.log.error("access.credential-failed", `peer ${peer.id} got no lasting credential: ${reason}`, {
        peer: peer.id,
      });
    }
  }

  #logJoin(peer: Peer, incoming: Incoming, { opening, identity, grant }: Admitted): void {
    const address = printable(peer.remote.address);
    const user = printable(peer.remote.user);
    const { dialect, mac, bridge } = opening;
    const who = `${user === "" ? "" : `${user} at `}${address === "" ? incoming.via : address}`;
    const what = `${bridge ? "bridge " : ""}${mac ?? "MAC not announced"}`;
    const { method } = identity;
    const groups = identity.groups.join(" ");
    const { network } = grant;
    const fields = { peer: peer.id, address, user, method, groups, network, via: incoming.via, dialect, mac, bridge };
    this.#deps.log.info("peer.joined", `peer ${peer.id} joined ${network}: ${who}, ${what}, ${dialect}`, fields);
  }

  #onGone(peer: Peer, closed: Closed): void {
    this.#peers.delete(peer.id);
    this.#tenure.end(peer);
    const { code, reason, by } = closed;
    const { receivedBytes, sentBytes } = peer.connection;
    const text = `peer ${peer.id} left: ${reason === "" ? `code ${code}` : reason}`;
    this.#deps.log.info("peer.left", text, { peer: peer.id, code, by, receivedBytes, sentBytes });
    if (this.#peers.size === 0) this.#onEmpty?.();
  }

  #answerControl(incoming: Incoming): void {
    const refused = controlRefusal(incoming, this.#access.trustedProxies);
    if (refused !== undefined) {
      this.#refuse(incoming, refused);
      return;
    }
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
}
