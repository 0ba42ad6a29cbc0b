import type { Socket } from "node:net";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { ByteStream } from "./byte-stream.ts";
import type { ConnectionHandlers } from "./connection.ts";
import type { ConnectionDeps } from "./connection-deps.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { livenessFor } from "./liveness.ts";
import { type ConnectionOptions, WebSocketConnection } from "./websocket-connection.ts";

/** A socket behind its opening handshake, paused, on either side. */
export interface UpgradedSocket {
  readonly socket: Socket;
  readonly dialect: Dialect;
  /** Bytes that came behind the handshake. */
  readonly rest: Buffer;
}

/** Makes the connection over the socket, with what its dialect asks for; it reads nothing before `start()`. */
export function connectionOver(
  deps: ConnectionDeps,
  { socket, dialect, rest: head }: UpgradedSocket,
  handlers: ConnectionHandlers,
  role: ConnectionOptions["role"],
  limits: ConnectionLimits,
): WebSocketConnection {
  const control = deps.tuneSocket(socket);
  const { maxMessageBytes } = limits;
  const stream = new ByteStream(socket, deps.receiveBuffers, { maxMessageBytes, head, control });
  const liveness = livenessFor(dialect, role);
  return new WebSocketConnection(deps, stream, handlers, { role, dialect, liveness, limits });
}
