import type { Grant } from "../access/grant.ts";
import type { Identity } from "../access/identity.ts";
import type { DropReason } from "../base/drop-reason.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import type { PeerSnapshot } from "../control/peer-snapshot.ts";
import type { Egress, Port } from "../switch/port.ts";
import type { Closed } from "../transport/connection.ts";
import type { ConnectionDeps } from "../transport/connection-deps.ts";
import type { Incoming, RemoteIdentity } from "../transport/incoming.ts";
import { connectionOver } from "../transport/upgraded-socket.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { ControlMessage, HelloMessage } from "../wire/control-message.ts";
import { isEchoRequest } from "../wire/echo-frame.ts";
import type { Frame } from "../wire/frame.ts";
import type { Mac } from "../wire/mac.ts";
import { OFFLOAD_ALL } from "../wire/offload.ts";
import type { AcceptedOpening } from "../wire/opening.ts";
import type { IssuedCredential } from "./access.ts";
import { type Admitted, ownerOf } from "./admission.ts";
import { assignedAddresses } from "./assigned-addresses.ts";
import { DropReport } from "./drop-report.ts";
import type { Network } from "./network.ts";
import { PeerEcho } from "./peer-echo.ts";
import type { ServerOptions } from "./server-options.ts";

export interface PeerDeps {
  readonly log: Logger;
  readonly network: Network;
  readonly connectionDeps: ConnectionDeps;
  /** Called once, when the peer is gone and its port with it. */
  readonly onGone: (peer: Peer, closed: Closed) => void;
}

/** What a v1 peer takes, and the packets it can send: the C client reads 1500 bytes at once, Ethernet header included. */
const LEGACY_MTU = 1500;
const LEGACY_SEGMENT_MTU = 1486;

/** When peers may come again after the server went away: a restart takes about that long. */
const RETRY_AFTER_MS = 500;

/**
 * A remote that was admitted: a connection and a port of its network, tied to each other, that come and go together.
 *
 *     connection ── onFrame ──► switch.forward(port)          switch ── deliver ──► connection.send
 */
export class Peer implements Egress {
  /** Unique while the server runs; the `id` of the control interface. */
  readonly id: number;
  readonly remote: RemoteIdentity;
  readonly identity: Identity;
  /** Whose MACs, addresses and sessions these are: the user's, or those of an anonymous peer's MAC. */
  readonly owner: string;
  readonly connection: WebSocketConnection;
  /** Wall-clock time of the admission, Unix milliseconds. */
  readonly sinceMs = Date.now();
  readonly #deps: PeerDeps;
  readonly #options: ServerOptions;
  readonly #opening: AcceptedOpening;
  readonly #path: string;
  #grant: Grant;
  #port: Port | undefined;
  #report: DropReport | undefined;
  #hasHello = false;
  /** For those who have been told of it. */
  #echo: PeerEcho | undefined;

  constructor(deps: PeerDeps, id: number, incoming: Incoming, admitted: Admitted, options: ServerOptions) {
    const { socket, rest } = incoming;
    const { opening, identity, grant, remote, path } = admitted;
    const { dialect } = opening;
    this.id = id;
    this.remote = remote;
    this.identity = identity;
    this.owner = ownerOf(identity, opening.mac, id);
    this.#grant = grant;
    this.#path = path;
    this.#deps = deps;
    this.#options = options;
    this.#opening = opening;
    this.connection = connectionOver(
      deps.connectionDeps,
      { socket, dialect, rest },
      {
        onFrame: (frame) => this.#onFrame(frame),
        onBatchEnd: () => deps.network.switch.flush(),
        onDrop: (reason) => this.#onDrop(reason),
        onControl: (message) => this.#onControl(message),
        onDrained: () => {},
        onClosed: (closed) => this.#onClosed(closed),
      },
      "server",
      options,
    );
  }

  get grant(): Grant {
    return this.#grant;
  }

  get network(): Network {
    return this.#deps.network;
  }

  /** What the policy is asked about this peer. */
  get visit(): { readonly address: string; readonly path: string } {
    return { address: this.remote.address, path: this.#path };
  }

  get mac(): Mac | undefined {
    return this.#port?.mac;
  }

  get isBridge(): boolean {
    return this.#opening.bridge;
  }

  /** Takes a port of the network's switch, with a guard in it; false if there is none left. Throws as `guardPeer` does. */
  join(): boolean {
    const { mac, bridge } = this.#opening;
    const { network } = this.#deps;
    const port = network.switch.attach({ name: `peer ${this.id}`, mac, bridge, egress: this });
    if (port === undefined) return false;
    try {
      network.guard.guardPeer(port, this.owner, this.#grant.rules);
    } catch (error) {
      // Nobody would ever take it away: the connection has not begun, and so does not end.
      network.leave(port);
      throw error;
    }
    if (this.connection.dialect === "v1") port.limitMtu(LEGACY_MTU, LEGACY_SEGMENT_MTU);
    this.#port = port;
    this.#report = new DropReport(this.#port.ingressDrops, this.#port.egressDrops);
    return true;
  }

  /** Another grant for the same network, in force at once. */
  regrant(grant: Grant): void {
    this.#grant = grant;
    if (this.#port !== undefined) this.#deps.network.guard.guardPeer(this.#port, this.owner, grant.rules);
  }

  /** What policy and guard dropped since the last report, if it is time for one. */
  nextDropReport(nowMs: number): Readonly<Record<string, number>> | undefined {
    return this.#report?.next(nowMs);
  }

  /** Gives a lasting credential to whoever came with an invite; a v1 peer could not take it. */
  giveCredential({ token, user, expiresMs }: IssuedCredential): void {
    if (this.connection.dialect === "v1") return;
    this.connection.sendControl({
      kind: "credential",
      token,
      user,
      ...(expiresMs === undefined ? {} : { expiresMs }),
    });
  }

  /** Begins to read; after `join`. */
  start(): void {
    this.connection.start();
  }

  deliver(frame: Frame): DropReason {
    return this.connection.send(frame);
  }

  flush(): void {
    this.connection.flush();
  }

  close(code: number, reason: string): void {
    this.connection.close(code, reason);
  }

  /** Closes because the server goes away; a v2 peer is told when to come again. */
  sendAway(reason: string, message: string): void {
    this.#sayBye({ kind: "bye", reason, message, retryAfterMs: RETRY_AFTER_MS });
    this.close(CloseCode.goingAway, message);
  }

  /** Closes because the peer may not stay. */
  cut(reason: string, message: string): void {
    this.#sayBye({ kind: "bye", reason, message });
    this.close(CloseCode.policyViolation, message);
  }

  snapshot(learnedMacs: readonly Mac[]): PeerSnapshot {
    return {
      id: this.id,
      mac: this.#port?.mac,
      remoteAddress: this.remote.address,
      user: this.remote.user,
      distinguishedName: this.remote.distinguishedName,
      sinceMs: this.sinceMs,
      bridge: this.#opening.bridge,
      learnedMacs,
      sentBytes: this.connection.sentBytes,
      receivedBytes: this.connection.receivedBytes,
    };
  }

  get port(): Port | undefined {
    return this.#port;
  }

  #sayBye(bye: ControlMessage): void {
    if (this.connection.dialect === "v2") this.connection.sendControl(bye);
  }

  #onFrame(frame: Frame): void {
    if (this.#port === undefined) return;
    if (this.#echo !== undefined && isEchoRequest(frame.bytes, frame.start, frame.end)) this.#echo.answer(frame);
    else this.#deps.network.switch.forward(this.#port, frame);
  }

  #onDrop(reason: DropReason): void {
    if (this.#port === undefined) return;
    this.#port.receivedFrames++;
    this.#port.ingressDrops.add(reason);
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "bye") this.close(CloseCode.normal, message.reason);
    else if (message.kind === "hello" && !this.#hasHello) this.#onHello(message);
    else if (message.kind === "update" && message.mtu !== undefined) this.#port?.limitMtu(message.mtu);
  }

  #onHello(message: HelloMessage): void {
    this.#hasHello = true;
    this.connection.peerOffloads = message.offloads;
    this.#port?.limitMtu(message.mtu);
    const { maxMessageBytes } = this.#options;
    const { mtu, prefixes } = this.#deps.network.definition;
    const addresses = assignedAddresses(this.#grant.rules.addresses, prefixes);
    // We take every kind of super-frame: what another port cannot take is segmented here.
    const limits = { mtu, offloads: OFFLOAD_ALL, maxMessageBytes };
    if (this.#port !== undefined) this.#echo = new PeerEcho(this.#deps.connectionDeps.clock, this.#port);
    this.connection.sendControl({ kind: "welcome", agent: AGENT, ...limits, addresses, echo: true });
    this.#deps.log.debug("peer.hello", `peer ${this.id} runs ${message.agent}`, { peer: this.id, mtu: message.mtu });
  }

  #onClosed(closed: Closed): void {
    if (this.#port !== undefined) this.#deps.network.leave(this.#port);
    this.#port = undefined;
    this.#deps.onGone(this, closed);
  }
}
