/**
 * A peer without a kernel: a WebSocket connection made by hand, in the original's dialect, that sends any Ethernet
 * frame a test wants and keeps what it is sent.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { waitFor } from "../../../lab/wait.ts";
import { knock } from "../door.ts";
import { encodeFrame, MessageReader } from "../legacy-peers/section-one.ts";
import { basicAuthorization } from "./passwords.ts";

const HEAD_END = "\r\n\r\n";
const MASK = Buffer.from("f0e1d2c3", "hex");
/** Frames kept; a test looks for one of the last. */
const MAX_FRAMES = 20_000;
/** Encoded together: a write per frame would be a system call per frame. */
const FRAMES_PER_WRITE = 512;

export interface ForgerOptions {
  readonly user: string;
  /** What it announces; nothing if undefined. */
  readonly mac?: string;
  readonly bridge?: boolean;
  /** Default `/office`. */
  readonly path?: string;
  /** Default v1, whose messages are bare frames; those of v2 begin with a virtio-net header. */
  readonly dialect?: "v1" | "v2";
}

/** A MAC for a user: the server remembers for an hour whose one was. */
export function userMac(user: string): string {
  const hash = createHash("sha1").update(user).digest("hex");
  return `02:${[0, 2, 4, 6, 8].map((at) => hash.slice(at, at + 2)).join(":")}`;
}

export class Forger {
  readonly options: ForgerOptions;
  /** What it was sent, oldest first. */
  readonly frames: Buffer[] = [];
  readonly #socket: Socket;
  readonly #reader = new MessageReader();

  private constructor(socket: Socket, options: ForgerOptions) {
    this.#socket = socket;
    this.options = options;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** Asks to join at a unix socket: the forger, or the status of the refusal. */
  static async ask(socketPath: string, options: ForgerOptions): Promise<Forger | number> {
    const socket = knock(socketPath);
    socket.write(formatOpening(options));
    const head = await readHead(socket);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (status === 101) return new Forger(socket, options);
    socket.destroy();
    return status;
  }

  /** Sends messages in one piece, so that the server takes them in one go. */
  send(...frames: readonly Uint8Array[]): this {
    this.#socket.write(Buffer.concat(frames.map((frame) => encodeFrame(frame, MASK))));
    return this;
  }

  /** Sends `count` frames as fast as the server takes them. */
  async flood(count: number, frameAt: (index: number) => Uint8Array): Promise<void> {
    for (let from = 0; from < count; from += FRAMES_PER_WRITE) {
      const batch = Array.from({ length: Math.min(FRAMES_PER_WRITE, count - from) }, (_, i) =>
        encodeFrame(frameAt(from + i), MASK),
      );
      if (!this.#socket.write(Buffer.concat(batch))) await once(this.#socket, "drain");
    }
  }

  /** Whether it was sent this frame. */
  has(frame: Uint8Array): boolean {
    return this.frames.some((one) => one.equals(frame));
  }

  async untilSent(frame: Uint8Array): Promise<void> {
    await waitFor(`a frame at ${this.options.user}`, () => this.has(frame), { pollMs: 5 });
  }

  /** Is gone once what was sent is. */
  leave(): void {
    this.#socket.end();
  }

  /** Is gone at once. */
  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    for (const { opcode, payload } of this.#reader.push(chunk)) {
      if (opcode === 2) this.frames.push(Buffer.from(payload));
    }
    if (this.frames.length > MAX_FRAMES) this.frames.splice(0, this.frames.length - MAX_FRAMES);
  }
}

function formatOpening({ user, mac, bridge = false, path = "/office", dialect }: ForgerOptions): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: vpn",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    `Authorization: ${basicAuthorization(user)}`,
  ];
  if (dialect === "v2") lines.push("Sec-WebSocket-Protocol: vpn-ws.v2");
  if (mac !== undefined) lines.push(`X-vpn-ws-MAC: ${mac}`);
  if (bridge) lines.push("X-vpn-ws-bridge: on");
  return `${lines.join("\r\n")}${HEAD_END}`;
}

/** Reads to the end of the answer's head; what is behind it goes back into the socket. */
async function readHead(socket: Socket): Promise<string> {
  let text = "";
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) text += chunk.toString("latin1");
    const end = text.indexOf(HEAD_END);
    if (end >= 0) {
      const rest = text.slice(end + HEAD_END.length);
      if (rest !== "") socket.unshift(Buffer.from(rest, "latin1"));
      return text.slice(0, end);
    }
    assert.ok(!socket.readableEnded && !socket.destroyed, `the server said no more than: ${text}`);
    await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
}
