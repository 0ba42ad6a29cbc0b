import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Consume, type ReceiveBuffers, ReceiveWindow } from "./receive-buffers.ts";
import { readIntoStaticBuffers } from "./static-reads.ts";

export interface ByteStreamHandlers {
  /** Bytes arrived; see `Consume`. They are borrowed until it returns. */
  readonly consume: Consume;
  /** Everything written has left for the kernel: `write` may be called again. */
  onDrained(): void;
  /** The stream is over, for whatever reason; called once, last. */
  onClosed(cause: Error | undefined): void;
}

export interface ByteStreamOptions {
  readonly maxMessageBytes: number;
  /** Bytes that arrived before the stream was made, behind the opening handshake. */
  readonly head: Uint8Array;
}

/**
 * A socket (TCP, unix, TLS) as the WebSocket connection needs it: reads go to static buffers and are seen in place,
 * one write is under way at a time and its bytes are borrowed until `onDrained`.
 *
 *     made ──start()──► open ──end()──► ending ──► closed          destroy() goes to closed at once
 */
export class ByteStream {
  readonly #socket: Socket;
  readonly #buffers: ReceiveBuffers;
  readonly #options: ByteStreamOptions;
  #handlers: ByteStreamHandlers | undefined;
  #writing = false;
  #writes = 0;

  constructor(socket: Socket, buffers: ReceiveBuffers, options: ByteStreamOptions) {
    this.#socket = socket;
    this.#buffers = buffers;
    this.#options = options;
    socket.setNoDelay(true);
  }

  /** Begins to read. `handlers` may be called before this returns. */
  start(handlers: ByteStreamHandlers): void {
    const socket = this.#socket;
    const window = new ReceiveWindow(this.#buffers, this.#options.maxMessageBytes, handlers.consume, () =>
      socket.destroy(new Error("too many connections are in the middle of a message")),
    );
    this.#handlers = handlers;
    let cause: Error | undefined;
    socket.on("error", (error) => {
      cause = error;
    });
    socket.once("close", () => {
      this.#writing = false;
      window.close();
      handlers.onClosed(cause);
    });
    const head = Buffer.from(this.#options.head.buffer, this.#options.head.byteOffset, this.#options.head.length);
    if (head.length > 0) window.push(head);
    const isStatic = readIntoStaticBuffers(socket, {
      room: () => window.room(),
      arrived: (byteCount) => window.arrived(byteCount),
    });
    if (!isStatic) socket.on("data", (chunk: Buffer) => window.push(chunk));
    socket.resume();
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  /** Writes begun so far. */
  get writes(): number {
    return this.#writes;
  }

  /** Whether `writePieces` costs a copy of all of them, as it does over TLS, where Node joins them first. */
  get joinsPieces(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Whether a write is under way: `write` must wait for `onDrained`. */
  get writing(): boolean {
    return this.#writing;
  }

  /**
   * Sends bytes. Returns true if the kernel took them at once, so that the caller may reuse them; otherwise they are
   * borrowed until `onDrained`. Not to be called while `writing`.
   */
  write(bytes: Uint8Array): boolean {
    this.#writes++;
    this.#socket.write(bytes, this.#onWritten);
    this.#writing = this.#socket.writableLength > 0;
    return !this.#writing;
  }

  /** Sends several pieces in one system call, under the same terms as `write`. */
  writePieces(pieces: readonly Uint8Array[]): boolean {
    const last = pieces.length - 1;
    this.#writes++;
    this.#socket.cork();
    for (let i = 0; i < last; i++) this.#socket.write(pieces[i] as Uint8Array);
    this.#socket.write(pieces[last] as Uint8Array, this.#onWritten);
    this.#socket.uncork();
    this.#writing = this.#socket.writableLength > 0;
    return !this.#writing;
  }

  /** Sends what was written, then closes. */
  end(): void {
    this.#socket.end();
  }

  /** Closes at once. Idempotent. */
  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onWritten = (): void => {
    if (!this.#writing || this.#socket.writableLength > 0) return;
    this.#writing = false;
    this.#handlers?.onDrained();
  };
}
