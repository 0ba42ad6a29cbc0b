/**
 * The WebSocket opening handshake (RFC 6455, 4) with the headers that the C program added to it, for both sides, and
 * for a server both over HTTP and behind uwsgi. The subprotocol settles the dialect: who does not name ours speaks v1.
 */
import { createHash } from "node:crypto";
import { formatRequestHead, type HeaderList, hasToken, type RequestHead, type ResponseHead } from "./http.ts";
import { type Mac, macParts, parseMac } from "./mac.ts";
import { CONNECTION_HEADER, parseSessionClaim, SESSION_HEADER, type SessionClaim } from "./session-claim.ts";
import type { UwsgiVars } from "./uwsgi.ts";
import type { Dialect } from "./websocket-decoder.ts";

/** The name of dialect v2 in Sec-WebSocket-Protocol. Dialect v1 has none. */
const SUBPROTOCOL_V2 = "vpn-ws.v2";

/** What the handshake reads of a request, however it came. */
export interface OpeningRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Takes the name in lower case. */
  header(name: string): string | undefined;
}

export interface AcceptedOpening {
  readonly state: "accepted";
  /** Sec-WebSocket-Accept. */
  readonly accept: string;
  readonly dialect: Dialect;
  /** Announced by the client; undefined for v86 and other browsers, whose first frame shows it. */
  readonly mac: Mac | undefined;
  readonly bridge: boolean;
  /** It only looks: no other session is to make way for it. */
  readonly guest: boolean;
  /** The session that this connection belongs to, as the client says; v2 only. */
  readonly session: SessionClaim | undefined;
  /** For the 101 answer. */
  readonly headers: HeaderList;
}

interface RefusedOpening {
  readonly state: "refused";
  readonly status: number;
  readonly message: string;
  readonly headers: HeaderList;
}

/** RFC 6455, 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Base64 of the 16 bytes that RFC 6455 asks for, or of the 10 that the C client sends. */
const KEY = /^(?:[+/0-9A-Za-z]{22}|[+/0-9A-Za-z]{14})==$/;

const UPGRADE_HEADERS: HeaderList = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
];

export function openingFromHttp(head: RequestHead): OpeningRequest {
  const { method, path, query, headers } = head;
  return { method, path, query, header: (name) => headers.get(name) };
}

/** Headers that have variables of their own (RFC 3875, 4.1.2). */
const CGI_HEADERS: ReadonlySet<string> = new Set(["content-length", "content-type"]);

/** The request in the CGI-like variables of a web server; nginx passes every header on, Upgrade and Connection too. */
export function openingFromUwsgi(vars: UwsgiVars): OpeningRequest {
  const [target = "/", query = ""] = splitOnce(vars.get("REQUEST_URI") ?? "/", "?");
  return {
    // The C server asks for neither, so a hand-written web server configuration may not pass them.
    method: vars.get("REQUEST_METHOD") ?? "GET",
    path: vars.get("PATH_INFO") ?? target,
    query: vars.get("QUERY_STRING") ?? query,
    header: (name) => vars.get(`${CGI_HEADERS.has(name) ? "" : "HTTP_"}${name.toUpperCase().replaceAll("-", "_")}`),
  };
}

/** Decides on a request to open a WebSocket. Who may come in is not its question. */
export function acceptOpening(request: OpeningRequest): AcceptedOpening | RefusedOpening {
  if (!hasToken(request.header("upgrade"), "websocket") || !hasToken(request.header("connection"), "upgrade")) {
    const message =
      "This is a VPN: it takes WebSocket connections only. If a web server is in front, let it pass on the headers Upgrade and Connection.";
    return refuse(426, message, UPGRADE_HEADERS);
  }
  if (request.method !== "GET") return refuse(405, "A WebSocket opens with GET.", [["Allow", "GET"]]);
  // The C client does not send a version.
  if ((request.header("sec-websocket-version") ?? "13") !== "13") {
    const message = "Only version 13 of the WebSocket protocol is spoken here.";
    return refuse(426, message, [...UPGRADE_HEADERS, ["Sec-WebSocket-Version", "13"]]);
  }
  const key = request.header("sec-websocket-key");
  if (key === undefined || !KEY.test(key)) return refuse(400, "Sec-WebSocket-Key is missing or malformed.", []);
  const mac = readMac(request.header("x-vpn-ws-mac"));
  if (mac === null) return refuse(400, "X-vpn-ws-MAC is not the MAC address of a host.", []);
  const session = parseSessionClaim(
    request.header(SESSION_HEADER.toLowerCase()),
    request.header(CONNECTION_HEADER.toLowerCase()),
  );
  if (session === null) return refuse(400, `${SESSION_HEADER} or ${CONNECTION_HEADER} is malformed.`, []);
  return accept(request, key, mac, session);
}

function accept(
  request: OpeningRequest,
  key: string,
  mac: Mac | undefined,
  session: SessionClaim | undefined,
): AcceptedOpening {
  const isV2 = request
    .header("sec-websocket-protocol")
    ?.split(",")
    .some((name) => name.trim() === SUBPROTOCOL_V2);
  const accept = acceptKey(key);
  const headers: HeaderList = [...UPGRADE_HEADERS, ["Sec-WebSocket-Accept", accept]];
  return {
    state: "accepted",
    accept,
    dialect: isV2 ? "v2" : "v1",
    mac,
    bridge: request.header("x-vpn-ws-bridge") === "on",
    guest: request.header("x-vpn-ws-guest") === "on",
    session: isV2 ? session : undefined,
    headers: isV2 ? [...headers, ["Sec-WebSocket-Protocol", SUBPROTOCOL_V2]] : headers,
  };
}

/** Undefined if there is no such header, null if it is no address that a frame could come from. */
function readMac(text: string | undefined): Mac | undefined | null {
  if (text === undefined) return undefined;
  const mac = parseMac(text);
  if (mac === undefined) return null;
  const { hi, lo } = macParts(mac);
  const isGroup = (hi & 0x0100) !== 0;
  return isGroup || (hi === 0 && lo === 0) ? null : mac;
}

function acceptKey(key: string): string {
  return createHash("sha1")
    .update(key + ACCEPT_GUID)
    .digest("base64");
}

function refuse(status: number, message: string, headers: HeaderList): RefusedOpening {
  return { state: "refused", status, message, headers };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

export interface ClientOpening {
  /** As it goes into Host: with the port unless it is the scheme's, an IPv6 address in brackets. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  readonly key: string;
  /** Undefined: the client announces none, and is given no frames before it sends one. */
  readonly mac: Mac | undefined;
  readonly bridge: boolean;
  /** It only looks: no other session of the user's is to make way for it. */
  readonly guest?: boolean;
  /** The session that is to go on; undefined for a new one. */
  readonly session?: SessionClaim | undefined;
  /** The whole value of Authorization. */
  readonly authorization?: string | undefined;
  /** What the client is ready to speak; v2 is offered if it is among them. */
  readonly dialects: readonly Dialect[];
  readonly userAgent: string;
  /** Sent behind ours. */
  readonly headers?: HeaderList | undefined;
}

/** The client's request. Throws a RangeError for a value that does not fit into a header. */
export function formatOpening(opening: ClientOpening): Uint8Array {
  const headers: [string, string][] = [
    ["Host", opening.host],
    ["User-Agent", opening.userAgent],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", opening.key],
  ];
  if (opening.mac !== undefined) headers.push(["X-vpn-ws-MAC", opening.mac]);
  if (opening.dialects.includes("v2")) headers.push(["Sec-WebSocket-Protocol", SUBPROTOCOL_V2]);
  if (opening.bridge) headers.push(["X-vpn-ws-bridge", "on"]);
  if (opening.guest) headers.push(["X-vpn-ws-guest", "on"]);
  if (opening.session !== undefined) {
    headers.push([SESSION_HEADER, opening.session.token]);
    headers.push([CONNECTION_HEADER, String(opening.session.connection)]);
  }
  if (opening.authorization !== undefined) headers.push(["Authorization", opening.authorization]);
  return formatRequestHead("GET", opening.path, [...headers, ...(opening.headers ?? [])]);
}

type OpeningAnswer =
  | { readonly state: "accepted"; readonly dialect: Dialect }
  | { readonly state: "refused"; readonly message: string };

const EVERY_DIALECT: readonly Dialect[] = ["v2", "v1"];

/** Checks a server's answer to `formatOpening` with the same key and dialects. */
export function checkOpeningResponse(
  head: ResponseHead,
  key: string,
  dialects: readonly Dialect[] = EVERY_DIALECT,
): OpeningAnswer {
  const { status, reason, headers } = head;
  if (status !== 101) return refuseAnswer(`the server answered ${status} ${reason}`.trimEnd());
  if (!hasToken(headers.get("upgrade"), "websocket") || !hasToken(headers.get("connection"), "upgrade")) {
    return refuseAnswer("the server switched to something other than a WebSocket");
  }
  if (headers.get("sec-websocket-accept") !== acceptKey(key)) {
    return refuseAnswer("the server's Sec-WebSocket-Accept does not match our key");
  }
  if (headers.has("sec-websocket-extensions")) return refuseAnswer("the server chose an extension we did not offer");
  const protocol = headers.get("sec-websocket-protocol");
  if (protocol !== undefined && protocol !== SUBPROTOCOL_V2) {
    return refuseAnswer("the server chose a subprotocol we did not offer");
  }
  const dialect = protocol === undefined ? "v1" : "v2";
  if (dialects.includes(dialect)) return { state: "accepted", dialect };
  return refuseAnswer(
    dialect === "v2"
      ? "the server chose a subprotocol we did not offer"
      : `the server does not speak ${SUBPROTOCOL_V2}`,
  );
}

function refuseAnswer(message: string): OpeningAnswer {
  return { state: "refused", message };
}

/** A fresh Sec-WebSocket-Key; `random` is 16 unpredictable bytes. */
export function newWebSocketKey(random: Uint8Array = crypto.getRandomValues(new Uint8Array(16))): string {
  return btoa(String.fromCharCode(...random));
}
