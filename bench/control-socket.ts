import { type IncomingMessage, request } from "node:http";

/** An answer without an end, read and thrown away. */
export interface Stream {
  close(): void;
}

/** A server's unix socket for operators, asked by who only wants to know how long it takes. */
export class ControlSocket {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads an answer to its end; resolves to its length. */
  async read(path: string): Promise<number> {
    const answer = await this.#get(path);
    let bytes = 0;
    for await (const chunk of answer) bytes += (chunk as Buffer).length;
    return bytes;
  }

  async open(path: string): Promise<Stream> {
    const answer = await this.#get(path);
    answer.on("error", () => {}).resume();
    return { close: () => answer.destroy() };
  }

  #get(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#path, path, agent: false }, (answer) => {
        if (answer.statusCode === 200) resolve(answer);
        else {
          answer.resume();
          reject(new Error(`${path} was answered with ${answer.statusCode}`));
        }
      });
      asked.once("error", reject).end();
    });
  }
}
