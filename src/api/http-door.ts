import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Clock } from "../base/clock.ts";
import { type Incoming, refuse } from "../transport/incoming.ts";
import { formatRequestHead, type HeaderList } from "../wire/http.ts";
import type { ApiEnv } from "./api.ts";
import type { Asked, Door } from "./asked.ts";

/** Requests that are answered at a time at one door, those for endless answers too. */
const MAX_REQUESTS = 256;
/** Until a request's body is whole. */
const BODY_TIMEOUT_MS = 10_000;
/** A reader who takes nothing for so long is gone; whoever answers without an end sets a longer time. */
const STALLED_READER_MS = 30_000;

/** What of a request's headers its handlers read; the gate reads the others where they came in. */
const PASSED = ["content-type", "content-length", "accept", "accept-encoding", "if-none-match"];

/** A request that Node's server has begun to read, and its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface HttpDoorDeps {
  readonly clock: Clock;
  readonly fetch: (request: Request, env: ApiEnv["Bindings"]) => Response | Promise<Response>;
}

/**
 * Takes requests whose heads our own listeners have read, from a web server by uwsgi or from anybody by HTTP, and has
 * Node's HTTP server do the rest. Each is told to it anew, as HTTP/1.0 and with the headers that are of use: what two
 * readers of a head could understand in two ways does not reach the second; and the answer ends with its connection,
 * which a web server understands by uwsgi, too.
 */
export class HttpDoor {
  readonly #deps: HttpDoorDeps;
  readonly #door: Door;
  readonly #server: Server;
  readonly #asked = new Map<Socket, Asked>();
  #onEmpty: (() => void) | undefined;
  readonly #exchanges = new WeakMap<Socket, Exchange>();

  constructor(deps: HttpDoorDeps, door: Door) {
    this.#deps = deps;
    this.#door = door;
    const answer = getRequestListener(
      (request, { incoming }) => {
        const asked = this.#asked.get(incoming.socket);
        // Whose connection is gone already hears nothing.
        return asked === undefined ? new Response(null, { status: 400 }) : deps.fetch(request, { asked });
      },
      { overrideGlobalObjects: false },
    );
    this.#server = createServer((request, response) => {
      this.#exchanges.set(request.socket, { request, response });
      void answer(request, response);
    });
    // What comes behind a request is not heard, and is no reason not to answer it.
    this.#server.on("clientError", (_error, socket: Socket) => {
      if (!this.#exchanges.has(socket)) socket.destroy();
    });
    this.#server.on("timeout", (socket) => {
      if (!this.#isUpToDate(socket)) socket.destroy();
    });
  }

  /** Whether the request is for something behind this door. */
  isFor({ request: { path } }: Pick<Incoming, "request">): boolean {
    const { prefix } = this.#door;
    return path === prefix || path.startsWith(`${prefix}/`);
  }

  /** Answers; the socket is ours from now on. */
  take(incoming: Incoming): void {
    const { socket, request } = incoming;
    const { prefix } = this.#door;
    if (socket.destroyed) return;
    if (this.#asked.size >= MAX_REQUESTS && !this.#crowdOut())
      refuse(socket, 503, "Too many requests are being answered.");
    // The pages' own links start from a folder.
    else if (request.path === prefix) refuse(socket, 307, "It is a folder.", [["Location", `${prefix}/`]]);
    else this.#hand(incoming);
  }

  /** Who is slow to send his request, or to read his answer, must not lock everybody else out. False if there is nobody. */
  #crowdOut(): boolean {
    for (const socket of this.#asked.keys()) {
      if (this.#isWhole(socket) && !this.#isHandedOver(socket)) continue;
      this.#forget(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #isWhole(socket: Socket): boolean {
    return this.#exchanges.get(socket)?.request.complete === true;
  }

  /** Whether all of the answer waits for its reader. */
  #isHandedOver(socket: Socket): boolean {
    return this.#exchanges.get(socket)?.response.writableEnded === true;
  }

  #forget(socket: Socket): void {
    this.#asked.delete(socket);
    if (this.#asked.size === 0) this.#onEmpty?.();
  }

  #hand(incoming: Incoming): void {
    const { socket, rest } = incoming;
    const head = this.#headOf(incoming);
    if (head === undefined) {
      refuse(socket, 400, "The request could not be read.");
      return;
    }
    this.#asked.set(socket, { incoming, door: this.#door });
    this.#watch(socket);
    socket.unshift(Buffer.concat([head, rest]));
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Ends every connection, at once or as soon as its answer has gone out, at the latest after `graceMs`. */
  async close(graceMs = 0): Promise<void> {
    if (graceMs > 0 && this.#asked.size > 0) {
      const isEmpty = new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
        this.#deps.clock.after(graceMs, resolve);
      });
      await isEmpty;
    }
    for (const socket of this.#asked.keys()) socket.destroy();
  }

  /** The request behind our prefix, as it is told to Node's server; undefined if it cannot be. */
  #headOf(incoming: Incoming): Uint8Array | undefined {
    const { method, path, query } = incoming.request;
    const behind = path.slice(this.#door.prefix.length);
    try {
      // A web server may have decoded it.
      const encoded = /^[\x21-\x7e]*$/.test(behind) && !/[?#]/.test(behind) ? behind : encodeURI(behind);
      return formatRequestHead(method, query === "" ? encoded : `${encoded}?${query}`, headersOf(incoming), "1.0");
    } catch {
      return undefined;
    }
  }

  #watch(socket: Socket): void {
    const cancel = this.#deps.clock.after(BODY_TIMEOUT_MS, () => {
      if (!this.#isWhole(socket)) socket.destroy();
    });
    socket.once("close", () => {
      cancel();
      this.#forget(socket);
    });
    socket.setTimeout(STALLED_READER_MS);
  }

  /** Whether nothing passes because nothing happens: an endless answer's reader has read all that there is. */
  #isUpToDate(socket: Socket): boolean {
    return this.#exchanges.get(socket)?.response.headersSent === true && socket.writableLength === 0;
  }
}

function headersOf({ request }: Incoming): HeaderList {
  const passed = PASSED.flatMap((name) => {
    const value = request.header(name);
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  // No handler needs our name: the gate has looked at it.
  return [["host", "localhost"], ["connection", "close"], ...passed];
}
