import type { Socket } from "node:net";
import {
  DEFAULT_HTTP_LIMITS,
  formatResponse,
  type HeaderList,
  mayHeadBeSettled,
  parseRequestHead,
} from "../wire/http.ts";
import { type OpeningRequest, openingFromHttp, openingFromUwsgi } from "../wire/opening.ts";
import { DEFAULT_UWSGI_LIMITS, decodeUwsgi, UwsgiModifier, type UwsgiVars } from "../wire/uwsgi.ts";
import type { HeadFormat, HeadResult } from "./read-head.ts";

/** A request that reached a listener, whole and well formed, and the stream it came by. */
export interface Incoming {
  readonly via: "http" | "uwsgi";
  readonly request: OpeningRequest;
  /** A request for the original's control interface (uwsgi modifier1 = 1). */
  readonly isControl: boolean;
  /** Who the web server says it is; from uwsgi only, where the web server is the one who speaks. */
  readonly remote: RemoteIdentity;
  readonly socket: Socket;
  /** Bytes that came behind the head. */
  readonly rest: Buffer;
}

export interface RemoteIdentity {
  /** IP address; empty if nobody told (a unix socket without a web server's word). */
  readonly address: string;
  readonly user: string;
  /** Subject of the client certificate. */
  readonly distinguishedName: string;
}

/** What a request head says, without the stream. */
export type IncomingHead = Pick<Incoming, "via" | "request" | "isControl" | "remote">;

/** An HTTP request head. What it says about its sender is not believed. */
export function httpIncoming(socket: Socket): HeadFormat<IncomingHead> {
  const parse = (bytes: Uint8Array, start: number, end: number): HeadResult<IncomingHead> => {
    const result = parseRequestHead(bytes, start, end, DEFAULT_HTTP_LIMITS);
    if (result.state !== "done") return result;
    const remote = { address: socket.remoteAddress ?? "", user: "", distinguishedName: "" };
    const head = { via: "http", request: openingFromHttp(result.head), isControl: false, remote } as const;
    return { state: "done", head, consumed: result.consumed };
  };
  return { mayBeSettled: (bytes, seen, end) => mayHeadBeSettled(bytes, 0, seen, end, DEFAULT_HTTP_LIMITS), parse };
}

/** A uwsgi packet: its size stands in front, so that asking for more costs nothing. */
export const uwsgiIncoming: HeadFormat<IncomingHead> = { mayBeSettled: () => true, parse: parseUwsgiIncoming };

function parseUwsgiIncoming(bytes: Uint8Array, start: number, end: number): HeadResult<IncomingHead> {
  const result = decodeUwsgi(bytes, start, end, DEFAULT_UWSGI_LIMITS);
  if (result.state === "more") return result;
  if (result.state === "fault") return { ...result, status: 400 };
  const { vars, modifier1, consumed } = result;
  const head = {
    via: "uwsgi",
    request: openingFromUwsgi(vars),
    isControl: modifier1 === UwsgiModifier.control,
    remote: remoteFromUwsgi(vars),
  } as const;
  return { state: "done", head, consumed };
}

function remoteFromUwsgi(vars: UwsgiVars): RemoteIdentity {
  return {
    address: vars.get("REMOTE_ADDR") ?? "",
    user: vars.get("REMOTE_USER") ?? "",
    // The original asks for HTTPS_DN first, then DN.
    distinguishedName: vars.get("HTTPS_DN") ?? vars.get("DN") ?? "",
  };
}

const CLOSE: HeaderList = [
  ["Connection", "close"],
  ["Content-Type", "text/plain; charset=utf-8"],
];

/** Answers with a sentence and closes. */
export function refuse(socket: Socket, status: number, message: string, headers: HeaderList = []): void {
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  const rest = CLOSE.filter(([name]) => !own.has(name.toLowerCase()));
  answerAndClose(socket, formatResponse(status, [...headers, ...rest], `${message}\n`));
}

/** How long a client may take to read its answer and go. */
const LINGER_MS = 2_000;

/** Sends a whole answer, then closes, whether the other side goes on sending or not. */
export function answerAndClose(socket: Socket, answer: Uint8Array): void {
  if (socket.destroyed) return;
  socket.end(answer);
  // What it still sends is thrown away: closing with unread bytes would reset the connection and lose the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => clearTimeout(timer));
}
