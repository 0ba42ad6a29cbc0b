import { randomBytes } from "node:crypto";
import { waitFor } from "../lab/wait.ts";
import { type ControlMessage, formatControlMessage, parseControlMessage } from "../src/wire/control-message.ts";
import { maskBytes } from "../src/wire/mask.ts";
import { CONNECTION_HEADER, SESSION_HEADER, type SessionClaim } from "../src/wire/session-claim.ts";
import { VNET_HEADER_BYTES } from "../src/wire/vnet-header.ts";
import { encodeClose, encodeMessage, Opcode } from "../src/wire/websocket.ts";
import { WebSocketDecoder } from "../src/wire/websocket-decoder.ts";
import { RawPeer } from "./raw-peer.ts";

export interface V2Options {
  readonly mac?: string;
  readonly bridge?: boolean;
  readonly path?: string;
  readonly claim?: SessionClaim | undefined;
  /** What its hello says; default: 1500, and ordinary frames only. */
  readonly mtu?: number;
  readonly offloads?: number;
  /** Lines, each with its CR LF. */
  readonly headers?: string;
}

type Welcome = Extract<ControlMessage, { readonly kind: "welcome" }>;

const MASK_KEY = randomBytes(4).readInt32BE();

/** One connection of a client of dialect v2, by hand: it can vanish, stay silent, and claim what is not its own. */
export class V2Peer {
  readonly raw: RawPeer;
  /** Without their virtio-net headers. */
  readonly frames: Buffer[] = [];
  readonly controls: ControlMessage[] = [];
  readonly closes: (readonly [code: number, reason: string])[] = [];
  readonly #decoder: WebSocketDecoder;
  #consumed: number;

  private constructor(raw: RawPeer, consumed: number) {
    this.raw = raw;
    this.#consumed = consumed;
    this.#decoder = new WebSocketDecoder(
      { role: "client", dialect: "v2", maxMessageBytes: 70_000, mask: maskBytes },
      {
        onBinary: (bytes, start, end) => this.frames.push(Buffer.from(bytes.subarray(start + VNET_HEADER_BYTES, end))),
        onText: (text) => this.#onText(text),
        onPing: () => {},
        onPong: () => {},
        onClose: (code, reason) => this.closes.push([code, reason]),
      },
    );
    raw.socket.on("data", () => this.#decode());
    this.#decode();
  }

  /** Opens a connection and says hello; throws the answer if it was refused. */
  static async join(address: string, options: V2Options = {}): Promise<V2Peer> {
    const raw = (await RawPeer.open(address)).send(formatV2Opening(options));
    const head = await raw.untilReceived("\r\n\r\n");
    if (!head.startsWith("HTTP/1.1 101 ")) {
      raw.destroy();
      throw new Error(head);
    }
    const peer = new V2Peer(raw, head.indexOf("\r\n\r\n") + 4);
    const { mtu = 1500, offloads = 0 } = options;
    return peer.say({ kind: "hello", agent: "test", mtu, offloads });
  }

  /** Waits for the server's welcome. */
  async welcome(): Promise<Welcome> {
    const find = (): Welcome | undefined => this.controls.find((one) => one.kind === "welcome");
    await waitFor("a welcome", () => find() !== undefined, { pollMs: 2 });
    return find() as Welcome;
  }

  /** The token of the session. */
  async token(): Promise<string> {
    return (await this.welcome()).session?.token ?? "";
  }

  say(message: ControlMessage): this {
    return this.#send(Opcode.text, Buffer.from(formatControlMessage(message)));
  }

  send(...frames: readonly Buffer[]): this {
    return this.sendMessages(...frames.map((frame) => Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), frame])));
  }

  /** Binary messages as they are: super-frames with their headers, or what is no frame. */
  sendMessages(...payloads: readonly Buffer[]): this {
    for (const payload of payloads) this.#send(Opcode.binary, payload);
    return this;
  }

  close(code: number): this {
    return this.#send(Opcode.close, encodeClose(code, ""));
  }

  /** The line is cut: no word of goodbye. */
  vanish(): void {
    this.raw.destroy();
  }

  async until(frame: Buffer): Promise<void> {
    await waitFor("a frame at the v2 peer", () => this.frames.some((one) => one.equals(frame)), { pollMs: 2 });
  }

  async untilClosed(): Promise<void> {
    await waitFor("a close frame", () => this.closes.length > 0, { pollMs: 2 });
  }

  #send(opcode: (typeof Opcode)[keyof typeof Opcode], payload: Uint8Array): this {
    this.raw.send(encodeMessage(opcode, payload, MASK_KEY, maskBytes));
    return this;
  }

  #onText(text: string): void {
    const result = parseControlMessage(text);
    if (result.state === "message") this.controls.push(result.message);
  }

  #decode(): void {
    this.#consumed = this.#decoder.decode(this.raw.received, this.#consumed, this.raw.received.length);
  }
}

export function formatV2Opening({ mac, bridge = false, path = "/", claim, headers = "" }: V2Options): string {
  const lines = [
    "Host: test",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Protocol: vpn-ws.v2",
  ];
  if (mac !== undefined) lines.push(`X-vpn-ws-MAC: ${mac}`);
  if (bridge) lines.push("X-vpn-ws-bridge: on");
  if (claim !== undefined) {
    lines.push(`${SESSION_HEADER}: ${claim.token}`, `${CONNECTION_HEADER}: ${claim.connection}`);
  }
  return `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n${headers}\r\n`;
}
