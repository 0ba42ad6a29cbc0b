import { connect, type Socket } from "node:net";

/** An answer without an end, read and thrown away. */
export interface Stream {
  close(): void;
}

const OK = "HTTP/1.1 200 ";
/** What is read is thrown away, so there is one place for all of it. */
const READ_BUFFER = Buffer.alloc(65_536);

/**
 * A server's unix socket for operators, asked by who only wants to know how long it takes. Reads without looking at what
 * it reads: who really asks does so from another machine, and takes no processor time from what is measured.
 */
export class ControlSocket {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads an answer to its end; resolves to its length, head included. */
  read(path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      let bytes = 0;
      const socket = this.#ask(path, (length) => {
        if (bytes === 0) this.#check(socket, path);
        bytes += length;
      });
      socket.once("error", reject).once("end", () => resolve(bytes));
    });
  }

  /** Resolves as soon as the answer begins. */
  open(path: string): Promise<Stream> {
    return new Promise((resolve, reject) => {
      let hasBegun = false;
      const socket = this.#ask(path, () => {
        if (hasBegun) return;
        hasBegun = true;
        this.#check(socket, path);
        resolve({ close: () => socket.destroy() });
      });
      socket.on("error", reject).once("end", () => reject(new Error(`${path} ended`)));
    });
  }

  #ask(path: string, onRead: (bytes: number) => void): Socket {
    const callback = (bytes: number): boolean => {
      onRead(bytes);
      return true;
    };
    const socket = connect({ path: this.#path, onread: { buffer: READ_BUFFER, callback } });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    return socket;
  }

  /** Of the answer that begins in the buffer. */
  #check(socket: Socket, path: string): void {
    const start = READ_BUFFER.toString("latin1", 0, OK.length);
    if (start !== OK) socket.destroy(new Error(`${path} was answered with ${start}`));
  }
}
