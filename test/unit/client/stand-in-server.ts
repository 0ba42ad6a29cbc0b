import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { waitFor } from "../../../lab/wait.ts";
import { OFFLOAD_ALL } from "../../../src/wire/offload.ts";

export interface StandInOptions {
  readonly port?: number;
  readonly speaksV2?: boolean;
  readonly https?: HttpsServer;
  /** What each hello is answered with, beside the usual; false: nothing, until `welcome` is called. */
  readonly welcomes?: object | false;
}

/** One connection, as the server saw it. */
export interface SeenClient {
  readonly socket: WebSocket;
  readonly authorization: string | undefined;
  /** The claim of its opening. */
  readonly session: string | undefined;
  readonly connection: string | undefined;
}

/** Somebody else's server, which notes what each client says. */
export class StandInServer {
  readonly clients: SeenClient[] = [];
  readonly messages: Buffer[] = [];
  /** By connection. */
  readonly messagesOf = new Map<WebSocket, Buffer[]>();
  readonly texts: Record<string, unknown>[] = [];
  readonly closes: number[] = [];
  /** What the next hellos are answered with. */
  welcomes: object | false;
  readonly #server: WebSocketServer;
  #https: HttpsServer | undefined;

  private constructor({ port = 0, speaksV2 = true, https, welcomes = {} }: StandInOptions) {
    this.welcomes = welcomes;
    this.#server = new WebSocketServer({
      ...(https === undefined ? { host: "127.0.0.1", port } : { server: https }),
      handleProtocols: (offered) => (speaksV2 && offered.has("vpn-ws.v2") ? "vpn-ws.v2" : false),
    });
    this.#server.on("connection", (socket, { headers }) => {
      const [session, connection] = [headers["x-vpn-ws-session"], headers["x-vpn-ws-connection"]].map(String);
      this.clients.push({
        socket,
        authorization: headers.authorization,
        session: session === "undefined" ? undefined : session,
        connection: connection === "undefined" ? undefined : connection,
      });
      socket.on("message", (data: Buffer, isBinary) => this.#onMessage(socket, data, isBinary));
      socket.on("close", (code) => this.closes.push(code));
    });
  }

  /** `https`: by TLS, on a port of its choice. */
  static async open(options: StandInOptions = {}): Promise<StandInServer> {
    const { https } = options;
    const server = new StandInServer(options);
    https?.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.#server.once("listening", resolve));
    server.#https = https;
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get sockets(): WebSocket[] {
    return this.clients.map(({ socket }) => socket);
  }

  /** What each client showed. */
  get authorizations(): (string | undefined)[] {
    return this.clients.map(({ authorization }) => authorization);
  }

  /** The last client that came. */
  async client(count = 1): Promise<WebSocket> {
    await waitFor(`client ${count}`, () => this.clients.length >= count, { pollMs: 2 });
    return this.clients.at(-1)?.socket as WebSocket;
  }

  welcome(socket: WebSocket, fields: object = {}): void {
    const usual = { kind: "welcome", agent: "stand-in/1", mtu: 1500, offloads: OFFLOAD_ALL, maxMessageBytes: 1 << 20 };
    socket.send(JSON.stringify({ ...usual, ...fields }));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#https?.close();
  }

  #onMessage(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.messages.push(data);
      this.messagesOf.set(socket, [...(this.messagesOf.get(socket) ?? []), data]);
      return;
    }
    const text = JSON.parse(data.toString());
    this.texts.push(text);
    if (text.kind === "hello" && this.welcomes !== false) this.welcome(socket, this.welcomes);
  }
}
