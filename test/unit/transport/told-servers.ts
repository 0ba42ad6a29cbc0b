import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { DEFAULT_HTTP_LIMITS, formatResponse, parseRequestHead } from "../../../src/wire/http.ts";
import { acceptOpening, openingFromHttp } from "../../../src/wire/opening.ts";

/** Servers on loopback that do as a test tells them with each connection, and all sockets of it. */
export class ToldServers {
  readonly servers: Server[] = [];
  readonly sockets: Socket[] = [];

  /** Answers its port. */
  async serve(onSocket: (socket: Socket) => void, tls?: TlsOptions, host = "127.0.0.1"): Promise<number> {
    const take = (socket: Socket): void => {
      this.sockets.push(socket.on("error", () => {}));
      onSocket(socket);
    };
    const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  /** Ends all; others may follow. */
  clear(): void {
    for (const server of this.servers.splice(0)) server.close();
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }
}

/** Answers an upgrade as our server would, with `behind` behind it, and notes the request. */
export function upgrading(requests: string[] = [], behind = "") {
  return (socket: Socket): void =>
    void socket.once("data", (bytes: Buffer) => {
      requests.push(bytes.toString("latin1"));
      const result = parseRequestHead(bytes, 0, bytes.length, DEFAULT_HTTP_LIMITS);
      assert.equal(result.state, "done");
      const opening = result.state === "done" ? acceptOpening(openingFromHttp(result.head)) : undefined;
      assert.equal(opening?.state, "accepted");
      socket.write(Buffer.concat([formatResponse(101, opening?.headers ?? []), Buffer.from(behind)]));
    });
}
