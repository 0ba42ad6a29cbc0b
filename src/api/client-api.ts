import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ClientStatus } from "../control/client-model.ts";

const STATUS_PATH = "/api/v1/client";
/** Who looks at a client is one or two people of its machine, for a moment. */
const MAX_CONNECTIONS = 16;
const REQUEST_TIMEOUT_MS = 5_000;

export interface ClientApiDeps {
  readonly status: () => ClientStatus;
  /** Whether the other end of a unix socket may look. */
  readonly mayLook: (socket: Socket) => boolean;
}

/** A client's status for its own machine, read-only: GET /api/v1/client. The caller binds it to a unix socket. */
export function makeClientApi(deps: ClientApiDeps): Server {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAlive: false }, (request, response) => {
    response.setHeader("connection", "close");
    response.setHeader("cache-control", "no-store");
    answer(deps, request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function answer(
  { status, mayLook }: ClientApiDeps,
  { socket, method, url }: IncomingMessage,
  to: ServerResponse,
): void {
  if (!mayLook(socket)) refuse(to, 403, "This socket is for root and the client's own user.");
  else if (url !== STATUS_PATH) refuse(to, 404, `There is only ${STATUS_PATH}.`);
  else if (method !== "GET") refuse(to.setHeader("allow", "GET"), 405, "A client can only be looked at.");
  else to.setHeader("content-type", "application/json").end(JSON.stringify(status()));
}

/** A problem as in RFC 9457. */
function refuse(to: ServerResponse, status: number, detail: string): void {
  to.statusCode = status;
  to.setHeader("content-type", "application/problem+json");
  to.end(JSON.stringify({ type: "about:blank", title: to.statusMessage || "Refused", status, detail }));
}
