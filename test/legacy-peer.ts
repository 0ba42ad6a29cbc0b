import { randomBytes } from "node:crypto";
import { waitFor } from "../lab/wait.ts";
import { maskBytes } from "../src/wire/mask.ts";
import { encodeClose, encodeMessage, Opcode } from "../src/wire/websocket.ts";
import { WebSocketDecoder } from "../src/wire/websocket-decoder.ts";
import { RawPeer } from "./raw-peer.ts";

export interface LegacyOptions {
  readonly mac?: string | undefined;
  readonly bridge?: boolean;
  readonly headers?: string;
}

/** A peer that speaks the original's dialect by hand: no version, no Origin, a key of ten bytes, one mask key. */
export class LegacyPeer {
  readonly raw: RawPeer;
  readonly frames: Buffer[] = [];
  readonly closes: number[] = [];
  readonly #decoder: WebSocketDecoder;
  readonly #maskKey = randomBytes(4).readInt32BE();
  #consumed: number;

  private constructor(raw: RawPeer, consumed: number) {
    this.raw = raw;
    this.#consumed = consumed;
    this.#decoder = new WebSocketDecoder(
      { role: "client", dialect: "v1", maxMessageBytes: 65_535, mask: maskBytes },
      {
        onBinary: (bytes, start, end) => this.frames.push(Buffer.from(bytes.subarray(start, end))),
        onText: () => {},
        onPing: () => {},
        onPong: () => {},
        onClose: (code) => {
          this.closes.push(code);
          raw.socket.end();
        },
      },
    );
    raw.socket.on("data", () => this.#decode());
    this.#decode();
  }

  static async join(address: string, options: LegacyOptions = {}): Promise<LegacyPeer> {
    const raw = (await RawPeer.open(address)).send(formatLegacyOpening(options));
    const head = await raw.untilReceived("\r\n\r\n");
    if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(head);
    return new LegacyPeer(raw, head.indexOf("\r\n\r\n") + 4);
  }

  send(...frames: readonly Buffer[]): this {
    for (const frame of frames) this.raw.send(encodeMessage(Opcode.binary, frame, this.#maskKey, maskBytes));
    return this;
  }

  close(code: number): void {
    this.raw.send(encodeMessage(Opcode.close, encodeClose(code, ""), this.#maskKey, maskBytes));
  }

  async until(frame: Buffer): Promise<void> {
    await waitFor("a frame at the legacy peer", () => this.frames.some((one) => one.equals(frame)), { pollMs: 2 });
  }

  #decode(): void {
    this.#consumed = this.#decoder.decode(this.raw.received, this.#consumed, this.raw.received.length);
  }
}

export function formatLegacyOpening({ mac, bridge = false, headers = "" }: LegacyOptions): string {
  const lines = [
    "Host: test",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(10).toString("base64")}`,
  ];
  if (mac !== undefined) lines.push(`X-vpn-ws-MAC: ${mac}`);
  if (bridge) lines.push("X-vpn-ws-bridge: on");
  return `GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\n${headers}\r\n`;
}
