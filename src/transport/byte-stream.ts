import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { writeDirectly } from "./direct-write.ts";
import { type Consume, type ReceiveBuffers, ReceiveWindow } from "./receive-buffers.ts";
import type { SocketControl } from "./socket-control.ts";
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
  /** What else can be done with the socket; nothing in a test, or where the addon is missing. */
  readonly control?: SocketControl | undefined;
}

/**
 * Asked after the kernel took a write: true if it has enough for now. Then `resume` is called when that may be over, and
 * asked again. A socket takes far more than it can send soon, and calls itself writable all the while.
 */
export type Hold = (resume: () => void) => boolean;

/**
 * A socket (TCP, unix, TLS) as the WebSocket connection needs it: reads go to static buffers and are seen in place,
 * one write is under way at a time and its bytes are borrowed until `onDrained`. A write is under way, too, while the
 * socket holds more than it can send soon.
 *
 *     made ──start()──► open ──end()──► ending ──► closed          destroy() goes to closed at once
 */
export class ByteStream {
  readonly #socket: Socket;
  readonly #buffers: ReceiveBuffers;
  readonly #options: ByteStreamOptions;
  #handlers: ByteStreamHandlers | undefined;
  /** Whether the socket has enough for now; without one it never has. */
  hold: Hold | undefined;
  #writing = false;
  #isHeld = false;
  #isClosed = false;
  #writes = 0;
  #takenBytes = 0;
  /** Bytes that went to the kernel past Node's stream, which does not count them. */
  #directBytes = 0;

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
      this.#isClosed = true;
      this.#writing = false;
      window.close();
      handlers.onClosed(cause);
    });
    const head = Buffer.from(this.#options.head.buffer, this.#options.head.byteOffset, this.#options.head.length);
    if (head.length > 0) window.push(head);
    // What came since that was read is in Node's stream, which is not asked any more.
    if (socket.readableLength > 0) window.push(socket.read() as Buffer);
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
    return this.#socket.bytesWritten + this.#directBytes;
  }

  get control(): SocketControl | undefined {
    return this.#options.control;
  }

  /** Bytes given to `write` and `writePieces` so far. */
  get takenBytes(): number {
    return this.#takenBytes;
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
    this.#takenBytes += bytes.length;
    const direct = writeDirectly(this.#socket, bytes);
    this.#directBytes += direct;
    if (direct < bytes.length) this.#socket.write(direct === 0 ? bytes : bytes.subarray(direct), this.#onWritten);
    return this.#isTaken();
  }

  /** Sends several pieces in one system call, under the same terms as `write`. */
  writePieces(pieces: readonly Uint8Array[]): boolean {
    const last = pieces.length - 1;
    this.#writes++;
    this.#socket.cork();
    for (let i = 0; i < last; i++) this.#socket.write(pieces[i] as Uint8Array);
    for (const piece of pieces) this.#takenBytes += piece.length;
    this.#socket.write(pieces[last] as Uint8Array, this.#onWritten);
    this.#socket.uncork();
    return this.#isTaken();
  }

  /** Sends what was written, then closes. */
  end(): void {
    this.#socket.end();
  }

  /** Closes at once: nothing is taken any more. Idempotent. */
  destroy(): void {
    this.#writing = true;
    this.#socket.destroy();
  }

  /** Whether the kernel took the write at once, and would take another. */
  #isTaken(): boolean {
    this.#writing = this.#socket.destroyed || this.#socket.writableLength > 0 || this.#holds();
    return !this.#writing;
  }

  #holds(): boolean {
    this.#isHeld = this.hold?.(this.#onResume) ?? false;
    return this.#isHeld;
  }

  readonly #onWritten = (): void => {
    if (this.#writing && !this.#isHeld && this.#socket.writableLength === 0) this.#settle();
  };

  readonly #onResume = (): void => {
    if (this.#isHeld && !this.#isClosed) this.#settle();
  };

  /** The write under way is done. Node says so, too, of one that it threw away: whoever was told would write more to nobody. */
  #settle(): void {
    if (this.#socket.destroyed || this.#holds()) return;
    this.#writing = false;
    this.#handlers?.onDrained();
  }
}
