/**
 * A connection on which a test sends exactly the bytes it wants, as no well-behaved client would, and sees what comes
 * back: an HTTP status, the code of a close frame, a pong, or nothing but the end.
 */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { waitFor } from "../../lab/wait.ts";
import { encodeUwsgi } from "../../src/wire/uwsgi.ts";
import { type Message, MessageReader } from "./legacy-peers/section-one.ts";

export const RAW_MAC = "02:00:00:00:00:01";
const KEY = "AAAAAAAAAAAAAAAAAAAAAA==";
const HEAD_END = "\r\n\r\n";

export class RawConnection {
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #messages: Message[] = [];
  #head = "";
  #ended = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => {});
    for (const event of ["end", "close"]) socket.once(event, () => this.#end());
  }

  send(bytes: Uint8Array | string): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Sends no more, and says so. */
  end(): this {
    this.#socket.end();
    return this;
  }

  /** Is gone at once. */
  vanish(): void {
    this.#socket.destroy();
  }

  /** Lets what comes lie in the kernel, or takes it up again. */
  listen(isListening: boolean): void {
    if (isListening) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Upgrades to a WebSocket: over uwsgi if `uwsgi`, else over HTTP; v2 unless `dialect` is v1. */
  async upgrade(uwsgi: boolean, dialect: "v1" | "v2"): Promise<this> {
    const headers = [
      ["Host", "vpn"],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", KEY],
      ["X-vpn-ws-MAC", RAW_MAC],
      ...(dialect === "v2" ? ([["Sec-WebSocket-Protocol", "vpn-ws.v2"]] as const) : []),
    ] as const;
    if (uwsgi) {
      this.send(
        encodeUwsgi(
          0,
          headers.map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value]),
        ),
      );
    } else {
      this.send(`GET / HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
    }
    assert.equal(await this.#wait("the answer to the upgrade", () => this.#status()), 101);
    return this;
  }

  /** The status of the answer, once the server has closed; undefined if it said nothing. */
  async status(timeoutMs?: number): Promise<number | undefined> {
    await this.#wait("the server to close", () => this.#ended, timeoutMs);
    this.#socket.destroy();
    return this.#status();
  }

  /** The code of the server's close frame, once it has closed; undefined if there was none. */
  async closeCode(): Promise<number | undefined> {
    await this.#wait("the server to close", () => this.#ended);
    this.#socket.destroy();
    return this.#messages.find(({ opcode }) => opcode === 8)?.payload.readUInt16BE(0);
  }

  /** Resolves when a pong with this payload has come. */
  async pong(payload: string): Promise<void> {
    await this.#wait(`pong ${payload}`, () => this.hasPong(payload));
  }

  hasPong(payload: string): boolean {
    return this.#messages.some((message) => message.opcode === 10 && message.payload.toString() === payload);
  }

  /** Resolves when all that was sent has left. */
  async flushed(): Promise<void> {
    await this.#wait("all to be sent", () => this.#socket.writableLength === 0, 30_000);
  }

  #status(): number | undefined {
    return this.#head.includes(HEAD_END) ? Number(/^HTTP\/1\.[01] (\d{3}) /.exec(this.#head)?.[1]) : undefined;
  }

  #take(chunk: Buffer): void {
    if (this.#head.includes(HEAD_END)) {
      this.#messages.push(...this.#reader.push(chunk));
      return;
    }
    this.#head += chunk.toString("latin1");
    const headEnd = this.#head.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const rest = Buffer.from(this.#head.slice(headEnd + HEAD_END.length), "latin1");
    if (this.#status() === 101) this.#messages.push(...this.#reader.push(rest));
  }

  #end(): void {
    this.#ended = true;
    this.#socket.end();
  }

  async #wait<T>(what: string, condition: () => T, timeoutMs = 5_000): Promise<NonNullable<T>> {
    const evidence = (): string => JSON.stringify({ head: this.#head, messages: this.#messages.slice(-3) });
    return waitFor(what, condition, { timeoutMs, pollMs: 2, evidence });
  }
}
