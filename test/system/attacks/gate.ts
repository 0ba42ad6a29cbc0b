/**
 * Somebody at the gate: requests to join as a test wants them, from an address or as a user of its choice, and what is
 * answered. No client of ours would send most of them.
 */
import type { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import type { Lab, Namespace } from "../../../lab/namespace.ts";
import { programArgv } from "../../../lab/program-argv.ts";
import { waitFor } from "../../../lab/wait.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";

const PROGRAM = fileURLToPath(new URL("gate-program.ts", import.meta.url));
const OPENING = [
  ["Host", "vpn"],
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="],
  ["Sec-WebSocket-Protocol", "vpn-ws.v2"],
] as const;

/** Where to; over TCP from `localAddress`: loopback has sixteen million of them. */
export type Destination =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly localAddress?: string };

type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  /** As it came, names and all. */
  readonly head: string;
  readonly body: string;
  /** Stays open after a 101, until the test or the server closes it. */
  readonly socket: Socket;
}

/** A way into a namespace, as root or as another user. */
export class Gate {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(lab: Lab, namespace: Namespace, uid?: number): Promise<Gate> {
    const directory = mkdtempSync(join(tmpdir(), "vpnws-gate-"));
    lab.onClose(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, "gate.sock");
    const child = namespace.start(programArgv(PROGRAM, path, ...(uid === undefined ? [] : [String(uid)])));
    await child.waitUntil("the gate", () => child.stdout.includes("open"));
    return new Gate(path);
  }

  knock(to: Destination): Socket {
    const socket = connect(this.#path).on("error", () => {});
    socket.write(`${JSON.stringify(to)}\n`);
    return socket;
  }

  /** Asks to join, over HTTP. */
  ask(to: Destination, headers: Headers = {}, path = "/"): Promise<Answer> {
    return exchange(this.knock(to), httpOpening(headers, path));
  }

  /** The same inside TLS; a handshake that fails rejects. The server's certificate is not looked at here. */
  async askSecurely(to: Destination, tls: ConnectionOptions = {}, headers: Headers = {}): Promise<Answer> {
    return exchange(await this.#shakeHands(to, tls), httpOpening(headers, "/"));
  }

  /** The certificate that is shown there now. */
  async certificate(to: Destination): Promise<X509Certificate> {
    const secure = await this.#shakeHands(to, {});
    const certificate = secure.getPeerX509Certificate();
    secure.destroy();
    if (certificate === undefined) throw new Error("no certificate was shown");
    return certificate;
  }

  /** Asks to join over uwsgi with more variables; `modifier1` 1 is a request for the control interface. */
  askUwsgi(to: Destination, variables: Headers = {}, modifier1 = 0): Promise<Answer> {
    const opening = OPENING.map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value] as const);
    const packet = encodeUwsgi(modifier1, [["REQUEST_URI", "/"], ...opening, ...Object.entries(variables)]);
    return exchange(this.knock(to), packet);
  }

  async #shakeHands(to: Destination, options: ConnectionOptions): Promise<TLSSocket> {
    const secure = connectTls({ ...options, socket: this.knock(to), rejectUnauthorized: false });
    await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
    return secure;
  }
}

export const basic = (user: string, password: string): Headers => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

export const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

/** Resolves when the other side has closed. */
export async function closed({ socket }: Answer): Promise<void> {
  await waitFor("the server to close", () => socket.destroyed || socket.readableEnded);
  socket.destroy();
}

function httpOpening(headers: Headers, path: string): string {
  const lines = [...OPENING, ...Object.entries(headers)].map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The answer is whole when the server has closed, or has said 101. */
async function exchange(socket: Socket, request: Uint8Array | string): Promise<Answer> {
  let text = "";
  let isOver = false;
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  for (const event of ["end", "close", "error"]) {
    socket.once(event, () => {
      isOver = true;
    });
  }
  socket.write(request);
  const isUpgraded = (): boolean => text.startsWith("HTTP/1.1 101 ") && text.includes("\r\n\r\n");
  await waitFor("an answer", () => isOver || isUpgraded(), { timeoutMs: 15_000, pollMs: 2, evidence: () => text });
  if (!isUpgraded()) socket.destroy();
  const headEnd = text.indexOf("\r\n\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1] ?? Number.NaN);
  return { status, head: text.slice(0, headEnd), body: text.slice(headEnd + 4), socket };
}
