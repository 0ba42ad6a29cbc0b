import type { Clock } from "../base/clock.ts";
import { Drop, DropCounters } from "../base/drop-reason.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import type { Device, FrameBatch } from "../device/device.ts";
import { makeConnectionDeps, type TuneSocket } from "../transport/connection-deps.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import type { ControlMessage, WelcomeMessage } from "../wire/control-message.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { Offload } from "../wire/offload.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import type { ClientOptions } from "./client-options.ts";
import { Link } from "./link.ts";

/** The largest message of a super-frame. */
const SUPER_FRAME_MESSAGE_BYTES = VNET_HEADER_BYTES + MAX_FRAME_BYTES;

export interface ClientDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly mask: MaskBytes;
  readonly tuneSocket: TuneSocket;
  /** The TAP; it outlives every connection. The client owns it from now on. */
  readonly device: Device;
  /** The device is gone: the process should stop. */
  readonly onDeviceError: (error: Error) => void;
}

/**
 * The composition root of the client, and its pump:
 *
 *     TAP ─ batch ─► masked in place ─► socket                 socket ─ frames ─► TAP batch ─ flush ─► kernel
 *
 * While bytes wait for the socket the TAP is paused, so that the kernel's queue fills and slows whoever sends. While
 * there is no connection frames are dropped: what would wait in the TAP would be stale by then.
 */
export class Client {
  readonly drops = new DropCounters();
  readonly #deps: ClientDeps;
  readonly #link: Link;
  #connection: WebSocketConnection | undefined;
  /** Whether the server has welcomed us on this connection; what it says again is not heard. */
  #isWelcome = false;

  constructor(deps: ClientDeps, options: ClientOptions) {
    this.#deps = deps;
    const { clock, log, device } = deps;
    const connectionDeps = makeConnectionDeps(clock, deps.mask, deps.tuneSocket);
    const events = {
      onUp: (up: WebSocketConnection) => this.#onUp(up),
      onDown: () => this.#onDown(),
      handlers: {
        onFrame: device.write.bind(device),
        onBatchEnd: () => this.#flush(),
        onDrop: this.drops.add.bind(this.drops),
        onControl: (message: ControlMessage) => this.#onControl(message),
        onDrained: () => device.resume(),
      },
    };
    this.#link = new Link({ clock, log, connectionDeps }, device.mac, events, options);
  }

  start(): void {
    const { device, onDeviceError } = this.#deps;
    device.start({ onBatch: (batch) => this.#onBatch(batch), onError: onDeviceError });
    this.#link.start();
  }

  /** Says goodbye to the server, then the TAP goes. */
  async stop(): Promise<void> {
    await this.#link.stop();
    this.#deps.device.close();
  }

  #onBatch({ bytes, spans, count }: FrameBatch): void {
    if (this.#connection === undefined) {
      this.drops.add(Drop.portClosed, count);
      return;
    }
    const isFree = this.#connection.sendBatch(bytes, spans, count);
    if (!isFree || this.#connection.congested) this.#deps.device.pause();
  }

  #flush(): void {
    const refused = this.#deps.device.flush();
    if (refused > 0) this.drops.add(Drop.deviceRefused, refused);
  }

  #onUp(connection: WebSocketConnection): void {
    this.#connection = connection;
    if (connection.dialect === "v1") return;
    const { mtu, offloads } = this.#deps.device;
    connection.sendControl({ kind: "hello", agent: AGENT, mtu, offloads });
  }

  #onDown(): void {
    this.#connection = undefined;
    this.#isWelcome = false;
    this.#deps.device.resume();
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "welcome" && !this.#isWelcome) this.#onWelcome(message);
    else if (message.kind === "bye" && message.retryAfterMs !== undefined) this.#link.waitAtLeast(message.retryAfterMs);
  }

  #onWelcome({ agent, mtu, offloads, maxMessageBytes }: WelcomeMessage): void {
    const { device, log } = this.#deps;
    this.#isWelcome = true;
    const takesSuperFrames = maxMessageBytes >= SUPER_FRAME_MESSAGE_BYTES;
    if (this.#connection !== undefined) this.#connection.peerOffloads = takesSuperFrames ? offloads : Offload.none;
    log.debug("client.welcome", `the server runs ${agent}`, { mtu });
    if (mtu < device.mtu) {
      const text = `the server's network has an MTU of ${mtu}, ${device.name} has ${device.mtu}: large frames will be lost.\n  Start the client with --mtu ${mtu}.`;
      log.warn("client.mtu", text, { mtu, deviceMtu: device.mtu });
    }
  }
}
