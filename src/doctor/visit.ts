import { describeError } from "../base/errors.ts";
import { AGENT } from "../base/version.ts";
import type { ClientCredentials } from "../transport/client-credentials.ts";
import type { Closed } from "../transport/connection.ts";
import { connectionOver, type UpgradedSocket } from "../transport/upgraded-socket.ts";
import type { WebSocketConnection } from "../transport/websocket-connection.ts";
import { CloseCode } from "../wire/close-code.ts";
import type { ControlMessage, CredentialMessage, WelcomeMessage } from "../wire/control-message.ts";
import { OFFLOAD_ALL } from "../wire/offload.ts";
import { EchoChannel } from "./echo-channel.ts";
import { finding } from "./finding.ts";
import { PieceMeter } from "./piece-meter.ts";
import type { Ground } from "./step.ts";
import { within } from "./within.ts";

/** What the doctor says of a device that it does not have. */
const HELLO_MTU = 1_500;
const LEAVE_TIMEOUT_MS = 1_000;

/**
 * The doctor in the network, as the client's own connection: it says hello, asks for echoes and says goodbye. What other
 * peers send is not looked at, and nothing is sent to them.
 */
export class Visit {
  readonly channel: EchoChannel;
  readonly pieces: PieceMeter;
  readonly #ground: Ground;
  readonly #connection: WebSocketConnection;
  readonly #closing: Promise<void>;
  readonly #welcome: Promise<WelcomeMessage | undefined>;
  #onGone = (): void => {};
  #onWelcome = (_: WelcomeMessage | undefined): void => {};
  #bye = "";
  #given: ClientCredentials | undefined;
  #keeping: Promise<void> | undefined;
  #closed: Closed | undefined;

  constructor(ground: Ground, upgraded: UpgradedSocket) {
    const { connectionDeps, options, clock } = ground;
    this.#ground = ground;
    this.#closing = new Promise((resolve) => {
      this.#onGone = resolve;
    });
    this.#welcome = new Promise((resolve) => {
      this.#onWelcome = resolve;
    });
    const handlers = {
      onFrame: (frame: Parameters<EchoChannel["onFrame"]>[0]) => this.channel.onFrame(frame),
      onBatchEnd: () => this.pieces.onRead(),
      onDrop: () => {},
      onControl: (message: ControlMessage) => this.#onControl(message),
      onDrained: () => {},
      onClosed: (closed: Closed) => this.#onClosed(closed),
    };
    const connection = connectionOver(connectionDeps, upgraded, handlers, "client", options);
    this.#connection = connection;
    this.channel = new EchoChannel({ clock, connection }, options.mac);
    this.pieces = new PieceMeter(() => connection.receivedBytes);
  }

  /** Begins, and says hello; the server's answer, or undefined if none came. */
  async greet(): Promise<WelcomeMessage | undefined> {
    const { clock, options } = this.#ground;
    this.#connection.start();
    this.#connection.sendControl({ kind: "hello", agent: `${AGENT} doctor`, mtu: HELLO_MTU, offloads: OFFLOAD_ALL });
    const welcome = await within(clock, options.timeoutMs, "", this.#welcome).catch(() => undefined);
    if (welcome !== undefined) this.#connection.peerOffloads = welcome.offloads;
    return welcome;
  }

  /** Why the connection is over, in words; undefined while it stands. */
  get ending(): string | undefined {
    if (this.#closed === undefined) return undefined;
    const { code, reason } = this.#closed;
    return this.#bye || (reason === "" ? `closed with code ${code}` : reason);
  }

  /** What the server has given for an invite, to be shown from now on. */
  get given(): ClientCredentials | undefined {
    return this.#given;
  }

  /** Says goodbye; resolves when the connection is gone, and what was given is kept. */
  async leave(): Promise<void> {
    await this.#keeping;
    if (this.#closed !== undefined) return;
    const { clock, options } = this.#ground;
    if (this.#connection.dialect === "v2") {
      this.#connection.sendControl({ kind: "bye", reason: "examined", message: "the doctor has seen enough" });
    }
    this.#connection.close(CloseCode.normal, "the doctor has seen enough");
    const timeoutMs = options.closeTimeoutMs + LEAVE_TIMEOUT_MS;
    await within(clock, timeoutMs, "", this.#closing).catch(() => undefined);
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "welcome") this.#onWelcome(message);
    else if (message.kind === "bye") this.#bye = message.message || message.reason;
    else if (message.kind === "credential") this.#keeping = this.#keep(message);
  }

  async #keep(credential: CredentialMessage): Promise<void> {
    this.#given = { kind: "bearer", token: credential.token };
    try {
      await this.#ground.keepCredential?.(credential);
    } catch (error) {
      const details = [describeError(error)];
      const mend = "The invite is used up by now: ask the server's operator for another one.";
      this.#ground.report(
        finding("welcome", "warning", "what the server gave for the invite is lost", { details, mend }),
      );
    }
  }

  #onClosed(closed: Closed): void {
    this.#closed = closed;
    this.channel.close();
    this.#onWelcome(undefined);
    this.#onGone();
  }
}
