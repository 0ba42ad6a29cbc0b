/**
 * A client without a device, light enough for thousands in one process: the opening, our own WebSocket connection with its
 * liveness, and our own decision when to dial again (`Retry`). A `Client` costs some milliseconds for each dial, which is
 * nothing on a machine of its own and everything when 2,000 share one.
 */
import { connect, type Socket } from "node:net";
import { systemClock } from "../../src/base/clock.ts";
import { CLIENT_DEFAULTS } from "../../src/client/client-options.ts";
import { Retry, type Wait } from "../../src/client/retry.ts";
import type { Closed } from "../../src/transport/connection.ts";
import type { ConnectionDeps } from "../../src/transport/connection-deps.ts";
import { connectionOver } from "../../src/transport/upgraded-socket.ts";
import type { WebSocketConnection } from "../../src/transport/websocket-connection.ts";
import type { ControlMessage } from "../../src/wire/control-message.ts";
import type { Mac } from "../../src/wire/mac.ts";
import { formatOpening, newWebSocketKey } from "../../src/wire/opening.ts";

export interface CrowdClientOptions {
  readonly host: string;
  readonly port: number;
  /** Its own address. */
  readonly localAddress: string;
  readonly mac: Mac;
  readonly onDial: () => void;
  /** Told when the server has welcomed it, and when that is over. */
  readonly onUp: (isUp: boolean) => void;
}

export class CrowdClient {
  readonly #deps: ConnectionDeps;
  readonly #options: CrowdClientOptions;
  readonly #retry = new Retry(systemClock, CLIENT_DEFAULTS);
  readonly #opening: Uint8Array;
  #connection: WebSocketConnection | undefined;
  #upSinceMs: number | undefined;

  constructor(deps: ConnectionDeps, options: CrowdClientOptions) {
    this.#deps = deps;
    this.#options = options;
    const { host, mac } = options;
    const words = { key: newWebSocketKey(), dialects: ["v2"], bridge: false, userAgent: "crowd" } as const;
    this.#opening = formatOpening({ ...words, host, path: "/", mac });
  }

  start(): void {
    const { host, port, localAddress, onDial } = this.#options;
    onDial();
    const socket = connect({ host, port, localAddress });
    const fail = (error: Error): void => this.#wait(this.#retry.afterFailure(error));
    socket.once("error", fail);
    socket.once("connect", () => socket.write(this.#opening));
    socket.once("data", (answer) => {
      socket.off("error", fail).pause();
      if (answer.subarray(0, 12).toString() === "HTTP/1.1 101") this.#greet(socket, answer);
      else {
        socket.on("error", () => {}).destroy();
        fail(new Error("refused"));
      }
    });
  }

  /** The head is short and comes at once, so it is whole. */
  #greet(socket: Socket, answer: Buffer): void {
    const rest = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
    const ignore = (): void => {};
    const handlers = {
      ...{ onFrame: ignore, onBatchEnd: ignore, onDrop: ignore, onDrained: ignore },
      onControl: (message: ControlMessage) => this.#onControl(message),
      onClosed: (closed: Closed) => this.#onClosed(closed),
    };
    this.#connection = connectionOver(this.#deps, { socket, dialect: "v2", rest }, handlers, "client", CLIENT_DEFAULTS);
    this.#connection.start();
    this.#connection.sendControl({ kind: "hello", agent: "crowd", mtu: 1_500, offloads: 0 });
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "bye" && message.retryAfterMs !== undefined) this.#retry.ask(message.retryAfterMs);
    if (message.kind !== "welcome" || this.#upSinceMs !== undefined) return;
    this.#upSinceMs = systemClock.nowMs();
    this.#options.onUp(true);
  }

  #onClosed(closed: Closed): void {
    const lastedMs = this.#upSinceMs === undefined ? 0 : systemClock.nowMs() - this.#upSinceMs;
    if (this.#upSinceMs !== undefined) this.#options.onUp(false);
    this.#upSinceMs = undefined;
    this.#wait(this.#retry.afterLoss(closed, lastedMs));
  }

  #wait({ ms }: Wait): void {
    setTimeout(() => this.start(), ms);
  }
}
