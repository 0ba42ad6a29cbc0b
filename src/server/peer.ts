import type { Grant } from "../access/grant.ts";
import type { Clock } from "../base/clock.ts";
import type { DropReason } from "../base/drop-reason.ts";
import type { Logger } from "../base/logger.ts";
import type { Egress, Port } from "../switch/port.ts";
import type { Closed } from "../transport/connection.ts";
import type { ConnectionDeps } from "../transport/connection-deps.ts";
import type { FrameStore } from "../transport/frame-store.ts";
import type { Incoming, RemoteIdentity } from "../transport/incoming.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { HelloMessage } from "../wire/control-message.ts";
import { isEchoRequest } from "../wire/echo-frame.ts";
import type { Frame } from "../wire/frame.ts";
import type { Mac } from "../wire/mac.ts";
import { Offload, type OffloadSet } from "../wire/offload.ts";
import type { AcceptedOpening } from "../wire/opening.ts";
import type { IssuedCredential } from "./access.ts";
import { type Admitted, ownerOf } from "./admission.ts";
import type { Network } from "./network.ts";
import { PeerConnection, type PeerConnectionEvents } from "./peer-connection.ts";
import { PeerEcho } from "./peer-echo.ts";
import { PeerRules } from "./peer-rules.ts";
import type { ServerOptions } from "./server-options.ts";
import { type Arrival, Session } from "./session.ts";
import type { SessionTokens } from "./session-tokens.ts";
import { welcomeTo } from "./welcome.ts";

export interface PeerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: Network;
  readonly connectionDeps: ConnectionDeps;
  readonly tokens: SessionTokens<Peer>;
  /** Where frames lie that are held for peers without a connection. */
  readonly store: FrameStore;
  readonly events: PeerEvents;
}

/** What a v1 peer takes, and the packets it can send: the C client reads 1500 bytes at once, Ethernet header included. */
/** Of what a client says it is, characters that are remembered. */
const MAX_AGENT_LENGTH = 128;
const LEGACY_MTU = 1500;
const LEGACY_SEGMENT_MTU = 1486;

export interface PeerEvents {
  /** A connection is lost and the session goes on, if need be without any for a while. */
  onConnectionLost(peer: Peer, connection: number, closed: Closed): void;
  /** Called once, when the peer is gone and its port with it. */
  onGone(peer: Peer, closed: Closed): void;
}

/**
 * A remote that was admitted: a session and a port of its network, tied to each other, that come and go together.
 *
 *     connection ── onFrame ──► switch.forward(port)          switch ── deliver ──► session.send
 *
 * One of dialect v2 can come back by its token while the session stands; see `Session`.
 */
export class Peer implements Egress {
  /** Unique while the server runs; the `id` of the control interface. */
  readonly id: number;
  /** Frames wait in its connections, or are held. */
  readonly isQueue = true;
  /** Whose MACs, addresses and sessions these are: the user's, or those of an anonymous peer's MAC. */
  readonly owner: string;
  /** Wall-clock time of the admission, Unix milliseconds. */
  readonly sinceMs = Date.now();
  readonly session: Session<PeerConnection>;
  /** What it may do. Its grant changes them by `regrant`, an operator by `override`. */
  readonly rules: PeerRules;
  readonly #deps: PeerDeps;
  readonly #options: ServerOptions;
  readonly #handlers: PeerConnectionEvents;
  /** How the newest connection came in. */
  #admitted: Admitted;
  #grant: Grant;
  #port: Port | undefined;
  /** Where frames for it are counted: at its port, and with those that left when it has. */
  #counts: readonly Pick<Port, "countSent" | "countLost">[] = [];
  /** What a v2 client comes back by. Secret. */
  #token: string | undefined;
  /** For those who have been told of it. One for all connections, so that its budget is one. */
  #echo: PeerEcho | undefined;
  #agent: string | undefined;
  /** What the client takes beyond ordinary frames, as it said last. */
  #offloads: OffloadSet = Offload.none;

  constructor(deps: PeerDeps, id: number, admitted: Admitted, options: ServerOptions) {
    const { opening, identity, grant } = admitted;
    this.id = id;
    this.owner = ownerOf(identity, opening.mac, id);
    this.#deps = deps;
    this.#options = options;
    this.#admitted = admitted;
    this.#grant = grant;
    this.rules = new PeerRules(grant.rules, (rules) => {
      if (this.#port !== undefined) deps.network.guard.guardPeer(this.#port, this.owner, rules);
    });
    const events = {
      onConnectionLost: (connection: PeerConnection, closed: Closed) => this.#onConnectionLost(connection, closed),
      onFrameLost: (reason: DropReason) => this.#onEgressDrop(reason, 1),
      onOver: (closed: Closed) => this.#onOver(closed),
    };
    this.session = new Session(deps, events, { holdMs: comesBack(opening) ? options.holdMs : 0 });
    this.#handlers = {
      onFrame: (frame) => this.#onFrame(frame),
      onBatchEnd: () => deps.network.switch.flush(),
      onDrop: (reason, frameBytes) => this.#onDrop(reason, frameBytes),
      onEgressDrop: (reason, frames) => this.#onEgressDrop(reason, frames),
      onSent: (frames, bytes) => this.#onSent(frames, bytes),
      onHello: (connection, message) => this.#onHello(connection, message),
      onUpdate: ({ mtu }) => mtu !== undefined && this.#port?.limitMtu(mtu),
      onSuspect: (connection) => this.session.doubt(connection),
      onHeard: (connection) => this.session.trust(connection),
      onBye: (reason) => this.close(CloseCode.normal, reason),
      onClosed: (connection, closed) => this.session.closed(connection, closed),
    };
  }

  /** How its open connections came in, the newest last; for one that is held, the last one. Never empty. */
  get admissions(): readonly Admitted[] {
    const all = this.session.connections.map(({ admitted }) => admitted);
    return [...all.filter((admitted) => admitted !== this.#admitted), this.#admitted];
  }

  /** How its newest connection came in. */
  get admitted(): Admitted {
    return this.#admitted;
  }

  /** What the client says it is; undefined before its hello, and for v1 peers, which say none. */
  get agent(): string | undefined {
    return this.#agent;
  }

  /** Where it is now: where its newest connection came from. */
  get remote(): RemoteIdentity {
    return this.#admitted.remote;
  }

  get grant(): Grant {
    return this.#grant;
  }

  get network(): Network {
    return this.#deps.network;
  }

  get port(): Port | undefined {
    return this.#port;
  }

  /** Announced, or shown by its first frame. */
  get mac(): Mac | undefined {
    return this.#port?.mac ?? this.#admitted.opening.mac;
  }

  /** Whether it only looks, and nobody makes way for it. */
  get isGuest(): boolean {
    return this.#admitted.opening.guest;
  }

  /**
   * Whether somebody who shows this peer's token is this peer. Otherwise nothing may tell that there is such a token: it
   * was stolen, or the client is another one by now.
   */
  isClaimedBy({ opening, identity, grant }: Admitted): boolean {
    const { mac, bridge } = this.#admitted.opening;
    const isSame =
      !opening.guest && opening.mac === mac && opening.bridge === bridge && grant.network === this.#grant.network;
    return isSame && ownerOf(identity, opening.mac, this.id) === this.owner && this.session.isStanding;
  }

  /** Takes a port of the network's switch, with a guard in it; false if there is none left. Throws as `guardPeer` does. */
  join(): boolean {
    const { mac, bridge, dialect } = this.#admitted.opening;
    const { network, tokens } = this.#deps;
    const port = network.switch.attach({ name: `peer ${this.id}`, mac, bridge, egress: this });
    if (port === undefined) return false;
    try {
      network.guard.guardPeer(port, this.owner, this.rules.inForce);
    } catch (error) {
      // Nobody would ever take it away: the session has no connection, and so does not end.
      network.leave(port);
      throw error;
    }
    if (dialect === "v1") port.limitMtu(LEGACY_MTU, LEGACY_SEGMENT_MTU);
    this.#port = port;
    this.#counts = [port];
    if (comesBack(this.#admitted.opening)) this.#token = tokens.issue(this);
    return true;
  }

  /**
   * Adds a connection; after `join`, the first one too. `onArrival` is called when it is here and before it is answered.
   * Throws as `guardPeer` does, and changes nothing then.
   */
  attach(incoming: Incoming, admitted: Admitted, onArrival: (arrival: Arrival) => void): void {
    this.regrant(admitted.grant);
    const { connectionDeps } = this.#deps;
    const connection = new PeerConnection(connectionDeps, incoming, admitted, this.#handlers, this.#options);
    connection.peerOffloads = this.#offloads;
    this.#admitted = admitted;
    onArrival(this.session.attach(connection));
    connection.open();
    this.session.release();
  }

  /** Another grant for the same network, in force at once. */
  regrant(grant: Grant): void {
    this.rules.grant(grant.rules);
    this.#grant = grant;
  }

  /** Gives a lasting credential to whoever came with an invite; a v1 peer could not take it. */
  giveCredential({ token, user, expiresMs }: IssuedCredential): void {
    const expiry = expiresMs === undefined ? {} : { expiresMs };
    this.session.sendControl({ kind: "credential", token, user, ...expiry });
  }

  deliver(frame: Frame): DropReason {
    return this.session.send(frame);
  }

  flush(): void {
    this.session.flush();
  }

  /** Closes all connections; gone when they are. */
  close(code: number, reason: string): void {
    this.session.close(code, reason);
  }

  /** Closes because the server goes away; a v2 peer is told when to come again. */
  sendAway(reason: string, message: string, retryAfterMs: number): void {
    this.session.sendControl({ kind: "bye", reason, message, retryAfterMs });
    this.close(CloseCode.goingAway, message);
  }

  /** Closes because the peer may not stay. */
  cut(reason: string, message: string): void {
    this.session.sendControl({ kind: "bye", reason, message });
    this.close(CloseCode.policyViolation, message);
  }

  #onFrame(frame: Frame): void {
    if (this.#port === undefined) return;
    if (this.#echo !== undefined && isEchoRequest(frame.bytes, frame.start, frame.end)) this.#echo.answer(frame);
    else this.#deps.network.switch.forward(this.#port, frame);
  }

  #onSent(frames: number, bytes: number): void {
    for (const counts of this.#counts) counts.countSent(frames, bytes);
  }

  #onEgressDrop(reason: DropReason, frames: number): void {
    for (const counts of this.#counts) counts.countLost(reason, frames);
  }

  #onDrop(reason: DropReason, frameBytes: number): void {
    if (this.#port === undefined) return;
    this.#port.receivedFrames++;
    this.#port.receivedBytes += frameBytes;
    this.#port.ingressDrops.add(reason);
  }

  /** Each connection says hello, and each gets its welcome. */
  #onHello(connection: PeerConnection, message: HelloMessage): void {
    this.#agent = message.agent.slice(0, MAX_AGENT_LENGTH);
    this.#offloads = message.offloads;
    connection.peerOffloads = message.offloads;
    this.#port?.limitMtu(message.mtu);
    if (this.#port !== undefined) this.#echo ??= new PeerEcho(this.#deps.clock, this.#port);
    const { definition } = this.#deps.network;
    connection.sendControl(welcomeTo(connection.congestion, this.#token, this.#grant.rules, definition, this.#options));
    this.session.welcomed();
    this.#deps.log.debug("peer.hello", `peer ${this.id} runs ${message.agent}`, { peer: this.id, mtu: message.mtu });
  }

  #onConnectionLost({ admitted, number }: PeerConnection, closed: Closed): void {
    if (admitted === this.#admitted) this.#admitted = this.session.connections.at(-1)?.admitted ?? admitted;
    this.#deps.events.onConnectionLost(this, number, closed);
  }

  #onOver(closed: Closed): void {
    if (this.#token !== undefined) this.#deps.tokens.revoke(this.#token);
    if (this.#port !== undefined) this.#deps.network.leave(this.#port);
    this.#port = undefined;
    this.#counts = this.#deps.network.lateCounts;
    this.#deps.events.onGone(this, closed);
  }
}

/** The original knows no sessions, and who only looks has no need of one: they are gone with their connection. */
function comesBack({ dialect, guest }: AcceptedOpening): boolean {
  return dialect === "v2" && !guest;
}
