import type { Clock } from "../base/clock.ts";
import { Drop, DropCounters } from "../base/drop-reason.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import type { Device, FrameBatch } from "../device/device.ts";
import { makeConnectionDeps, type TuneSocket } from "../transport/connection-deps.ts";
import { isTrustedPath } from "../transport/trusted-path.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import type { ControlMessage, CredentialMessage, WelcomeMessage } from "../wire/control-message.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { Offload } from "../wire/offload.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import type { ClientOptions } from "./client-options.ts";
import { DeviceMtu } from "./device-mtu.ts";
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
  /** Keeps what the server gives us for later, on the disk when it resolves. Without it nothing is kept. */
  readonly keepCredential?: (credential: CredentialMessage) => Promise<void>;
  /** Gives the device the addresses that the server has for us, as it can. Without it they are not heard. */
  readonly assignAddresses?: (addresses: readonly string[]) => void;
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
  readonly #mtu: DeviceMtu;
  /** Whether what the server says can be nobody else's word. */
  readonly #isTrusted: boolean;
  /** Whether we show a token: only that is exchanged for another. */
  readonly #showsToken: boolean;
  #connection: WebSocketConnection | undefined;
  /** Whether the server has welcomed us on this connection; what it says again is not heard. */
  #isWelcome = false;
  /** Whether the server has given a credential on this connection; one is enough. */
  #hasCredential = false;
  /** Resolves when what the server gave is kept. */
  #keeping: Promise<void> | undefined;

  constructor(deps: ClientDeps, options: ClientOptions) {
    this.#deps = deps;
    this.#isTrusted = options.servers.every((server) => isTrustedPath(server, options.tls));
    this.#showsToken = options.credentials?.kind === "bearer";
    const { clock, log, device } = deps;
    this.#mtu = new DeviceMtu({ log, device }, options);
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
    await this.#keeping;
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
    this.#hasCredential = false;
    this.#deps.device.resume();
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "welcome" && !this.#isWelcome) this.#onWelcome(message);
    else if (message.kind === "credential") this.#onCredential(message);
    else if (message.kind === "bye" && message.retryAfterMs !== undefined) this.#link.waitAtLeast(message.retryAfterMs);
  }

  #onCredential(credential: CredentialMessage): void {
    if (this.#hasCredential || !this.#showsToken) return;
    this.#hasCredential = true;
    if (this.#isTrusted) {
      this.#keeping = this.#keep(credential);
      return;
    }
    const { user } = credential;
    const text = `a credential for ${user} came on a path that anyone may write to: it is not taken`;
    this.#deps.log.warn("client.credential-refused", text, { user });
  }

  /** On the disk first: the token that we came with is used up, and nothing else lets us in again. */
  async #keep(credential: CredentialMessage): Promise<void> {
    const { log, keepCredential } = this.#deps;
    const { user, token } = credential;
    try {
      await keepCredential?.(credential);
      log.info("client.credential", `the server knows us as ${user} from now on`, { user });
    } catch (error) {
      const text = `the server's credential for ${user} cannot be kept, the next start needs a new invite: ${describeError(error)}`;
      log.error("client.credential-lost", text, { user });
    }
    this.#link.useCredentials({ kind: "bearer", token });
  }

  #onWelcome({ agent, mtu, offloads, maxMessageBytes, addresses }: WelcomeMessage): void {
    const { device, log } = this.#deps;
    this.#isWelcome = true;
    const takesSuperFrames = maxMessageBytes >= SUPER_FRAME_MESSAGE_BYTES;
    if (this.#connection !== undefined) this.#connection.peerOffloads = takesSuperFrames ? offloads : Offload.none;
    if (addresses !== undefined && this.#isTrusted) this.#deps.assignAddresses?.(addresses);
    log.debug("client.welcome", `the server runs ${agent}`, { mtu });
    if (this.#mtu.fit(mtu)) this.#connection?.sendControl({ kind: "update", mtu: device.mtu });
  }
}
