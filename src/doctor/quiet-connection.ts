import type { ConnectionDeps } from "../transport/connection-deps.ts";
import { lossReason } from "../transport/loss-reason.ts";
import type { UpgradedSocket } from "../transport/upgraded-socket.ts";
import { CloseCode } from "../wire/close-code.ts";
import { type ControlMessage, formatControlMessage, parseControlMessage } from "../wire/control-message.ts";
import { printable } from "../wire/printable.ts";
import { encodeClose, encodeMessage, Opcode, type OpcodeValue } from "../wire/websocket.ts";
import { WebSocketDecoder } from "../wire/websocket-decoder.ts";

export interface QuietHandlers {
  onControl(message: ControlMessage): void;
  onPong(): void;
  /** Bytes came, whatever they are. */
  onHeard(): void;
  /** It is over; called once. */
  onClosed(reason: string): void;
}

/** More than any message there is: a stranger's stream must not fill memory. */
const MAX_MESSAGE_BYTES = 66 * 1024;
const MAX_WAITING_BYTES = 4 * MAX_MESSAGE_BYTES;

/** A WebSocket that says nothing of its own accord: no pings, no deadlines. It answers pings, as it must. */
export class QuietConnection {
  readonly #deps: Pick<ConnectionDeps, "mask" | "maskKeys">;
  readonly #upgraded: UpgradedSocket;
  readonly #handlers: QuietHandlers;
  readonly #decoder: WebSocketDecoder;
  #waiting: Buffer = Buffer.alloc(0);
  #reason = "";

  constructor(deps: Pick<ConnectionDeps, "mask" | "maskKeys">, upgraded: UpgradedSocket, handlers: QuietHandlers) {
    this.#deps = deps;
    this.#upgraded = upgraded;
    this.#handlers = handlers;
    const { dialect } = upgraded;
    this.#decoder = new WebSocketDecoder(
      { role: "client", dialect, maxMessageBytes: MAX_MESSAGE_BYTES, mask: deps.mask },
      {
        onBinary: () => {},
        onText: (text) => this.#onText(text),
        onPing: (payload) => this.#send(Opcode.pong, payload),
        onPong: () => handlers.onPong(),
        onClose: (code, reason) => {
          this.#reason = reason === "" ? `closed with code ${code}` : printable(reason);
        },
      },
    );
  }

  start(): void {
    const { socket, rest } = this.#upgraded;
    let cause: Error | undefined;
    socket.on("error", (error) => {
      cause = error;
    });
    // Nobody is left to talk to: what we keep open of it is no use.
    socket.once("end", () => socket.destroy());
    socket.once("close", () => this.#handlers.onClosed(this.#reason || lossReason(cause)));
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    if (rest.length > 0) this.#take(rest);
    socket.resume();
  }

  sendControl(message: ControlMessage): void {
    this.#send(Opcode.text, Buffer.from(formatControlMessage(message)));
  }

  ping(): void {
    this.#send(Opcode.ping, new Uint8Array(0));
  }

  close(): void {
    this.#send(Opcode.close, encodeClose(CloseCode.normal, ""));
    this.#upgraded.socket.end();
  }

  destroy(): void {
    this.#upgraded.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#handlers.onHeard();
    const bytes = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    const consumed = this.#decoder.decode(bytes, 0, bytes.length);
    this.#waiting = Buffer.from(bytes.subarray(consumed));
    const isBroken = this.#decoder.fault !== undefined || this.#waiting.length > MAX_WAITING_BYTES;
    if (isBroken || this.#reason !== "") this.#upgraded.socket.destroy();
  }

  #onText(text: string): void {
    const result = parseControlMessage(text);
    if (result.state === "message") this.#handlers.onControl(result.message);
  }

  #send(opcode: OpcodeValue, payload: Uint8Array): void {
    const { socket } = this.#upgraded;
    if (socket.destroyed) return;
    socket.write(encodeMessage(opcode, payload, this.#deps.maskKeys.next(), this.#deps.mask));
  }
}
