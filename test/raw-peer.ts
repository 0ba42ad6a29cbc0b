import { connect, type Socket } from "node:net";
import { waitFor } from "../lab/wait.ts";

/** The other end of a socket, with no protocol of its own: sends bytes and keeps what comes. */
export class RawPeer {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  /** The other side said that it will send no more. */
  ended = false;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("close", () => {
      this.closed = true;
    });
    // "close" follows.
    socket.on("error", () => {});
  }

  /** Dials `scheme://host:port` or `unix:/path`. It stays half open when the other side ends, as a hostile one would. */
  static async open(address: string): Promise<RawPeer> {
    const peer = new RawPeer(connect({ ...endpointOf(address), allowHalfOpen: true }));
    await waitFor(`a connection to ${address}`, () => !peer.socket.connecting, { pollMs: 1 });
    return peer;
  }

  send(...pieces: readonly (string | Uint8Array)[]): this {
    for (const piece of pieces) this.socket.write(piece);
    return this;
  }

  /** Waits until what came contains the text. */
  async untilReceived(text: string): Promise<string> {
    await waitFor(`"${text}"`, () => this.text.includes(text), { pollMs: 2, evidence: () => this.text });
    return this.text;
  }

  /** Waits until the socket is gone, and gives what came until then. */
  async untilClosed(): Promise<string> {
    await waitFor("the end of the connection", () => this.isOver, { pollMs: 2 });
    return this.text;
  }

  /** Whether the other side sends no more. */
  get isOver(): boolean {
    return this.closed || this.ended;
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export function endpointOf(address: string): { host: string; port: number } | { path: string } {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const { hostname, port } = new URL(address.replace(/^(tcp|https|wss|ws):/, "http:"));
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port === "" ? 80 : port) };
}
