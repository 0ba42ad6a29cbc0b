import type { X509Certificate } from "node:crypto";
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
  /** Where the connection came from: who spoke to us, which may be a web server. */
  readonly origin: Origin;
  /** What the uwsgi variables say about the client; empty over HTTP. Whether to believe it depends on the origin. */
  readonly word: RemoteIdentity;
  /** What the client showed on our own TLS listener and TLS verified; undefined if it showed none. */
  readonly certificate: X509Certificate | undefined;
  /** Whether so many connections come from there, or from everywhere, that nobody should have more than one. */
  readonly isCrowded?: boolean;
  readonly socket: Socket;
  /** Bytes that came behind the head. */
  readonly rest: Buffer;
}

/** The other end of an accepted connection, as the kernel tells. */
export type Origin =
  /** `uid`: of the process that connected; undefined if the kernel would not say. */
  { readonly kind: "unix"; readonly uid: number | undefined } | { readonly kind: "tcp"; readonly address: string };

/** Whether a user of this machine may speak to a unix socket; `uid` is undefined if the kernel does not say who it is. */
export type MayConnect = (uid: number | undefined) => boolean;

export interface RemoteIdentity {
  /** IP address; empty if nobody told (a unix socket without a web server's word). */
  readonly address: string;
  readonly user: string;
  /** Subject of the client certificate. */
  readonly distinguishedName: string;
}

/** Whether a body follows the head. */
export function hasBody({ request }: Pick<Incoming, "request">): boolean {
  return Number(request.header("content-length") ?? "0") > 0;
}

/** What a request head says, without the stream. */
export type IncomingHead = Pick<Incoming, "via" | "request" | "isControl" | "word">;

/** Of requests for pages and their API, which say no more than a name, a reason or a password. Others may have none. */
export const MAX_BODY_BYTES = 16 * 1_024;
const HTTP_LIMITS = { ...DEFAULT_HTTP_LIMITS, maxBodyBytes: MAX_BODY_BYTES };

const NO_WORD: RemoteIdentity = { address: "", user: "", distinguishedName: "" };

/** An HTTP request head. */
export const httpIncoming: HeadFormat<IncomingHead> = {
  mayBeSettled: (bytes, seen, end) => mayHeadBeSettled(bytes, 0, seen, end, HTTP_LIMITS),
  parse: parseHttpIncoming,
};

function parseHttpIncoming(bytes: Uint8Array, start: number, end: number): HeadResult<IncomingHead> {
  const result = parseRequestHead(bytes, start, end, HTTP_LIMITS);
  if (result.state !== "done") return result;
  const head = { via: "http", request: openingFromHttp(result.head), isControl: false, word: NO_WORD } as const;
  return { state: "done", head, consumed: result.consumed };
}

/** A uwsgi packet: its size stands in front, so that asking for more costs nothing. */
export const uwsgiIncoming: HeadFormat<IncomingHead> = { mayBeSettled: () => true, parse: parseUwsgiIncoming };

function parseUwsgiIncoming(bytes: Uint8Array, start: number, end: number): HeadResult<IncomingHead> {
  const result = decodeUwsgi(bytes, start, end, DEFAULT_UWSGI_LIMITS);
  if (result.state === "more") return result;
  if (result.state === "fault") return { ...result, status: 400 };
  const { vars, modifier1, consumed } = result;
  const request = openingFromUwsgi(vars);
  const length = request.header("content-length") ?? "";
  if (!/^[0-9]{0,15}$/.test(length)) return { state: "fault", status: 400, message: "malformed content-length" };
  if (Number(length) > MAX_BODY_BYTES) {
    return { state: "fault", status: 413, message: `a body has at most ${MAX_BODY_BYTES} bytes` };
  }
  const head = {
    via: "uwsgi",
    request,
    isControl: modifier1 === UwsgiModifier.control,
    word: remoteFromUwsgi(vars),
  } as const;
  return { state: "done", head, consumed };
}

function remoteFromUwsgi(vars: UwsgiVars): RemoteIdentity {
  // The original asks for HTTPS_DN first, then DN. A web server may pass on the name in a certificate that it did not
  // verify (nginx with optional_no_ca); if it says whether it did, it must have.
  const isVerified = (vars.get("SSL_CLIENT_VERIFY") ?? "SUCCESS") === "SUCCESS";
  const name = vars.get("HTTPS_DN") ?? vars.get("DN") ?? "";
  return {
    address: vars.get("REMOTE_ADDR") ?? "",
    user: vars.get("REMOTE_USER") ?? "",
    distinguishedName: isVerified ? name : "",
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
