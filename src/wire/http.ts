/**
 * Heads of HTTP/1 requests and responses (RFC 9112), as far as an opening handshake needs them: no bodies, no
 * trailers, and strict, because a head that two parsers read differently is how requests are smuggled. The stream's
 * owner presents the bytes from the start of the head, once `mayHeadBeSettled` says that it is worth it.
 */
import { reasonPhrase } from "./http-status.ts";
import { encodeUtf8 } from "./utf8.ts";

export interface HttpLimits {
  /** From the first byte to the end of the empty line. */
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  /** Of a request; without it none may have a body. */
  readonly maxBodyBytes?: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = { maxHeadBytes: 16_384, maxHeaders: 100 };

/** Lower-case names; a repeated header's values are joined with ", ". Bytes above 127 are read as Latin-1. */
type HttpHeaders = ReadonlyMap<string, string>;

export interface RequestHead {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** The target without origin and query; not percent-decoded. */
  readonly path: string;
  /** Behind the first `?`; empty if there is none. */
  readonly query: string;
  /** `1.0` or `1.1`. */
  readonly version: string;
  readonly headers: HttpHeaders;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly headers: HttpHeaders;
}

interface HttpFault {
  readonly state: "fault";
  /** What to answer a request with; for a response it is always 502. */
  readonly status: number;
  readonly message: string;
}

export type HttpHeadResult<Head> =
  | { readonly state: "more" }
  | HttpFault
  /** `consumed`: offset of the first byte behind the head, counted from `start`. */
  | { readonly state: "done"; readonly head: Head; readonly consumed: number };

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VERSION = /^HTTP\/([0-9])\.([0-9])$/;
/** Origin form or absolute form (RFC 9112, 3.2); no fragment, nothing but visible ASCII. */
const TARGET = /^(?:(?=\/)|https?:\/\/[^/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/i;
const VISIBLE = /^[\x21-\x7e]+$/;
const STATUS_LINE = /^HTTP\/(1\.[0-9]) ([1-9][0-9]{2})(?: (.*))?$/;
const FIELD_VALUE = /^[\t\x20-\x7e]*$/;

/** Headers that mean one thing only; a second one is an attempt to be understood in two ways. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "host",
  "sec-websocket-accept",
  "sec-websocket-key",
  "sec-websocket-version",
  "x-vpn-ws-mac",
]);

const HT = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DEL = 0x7f;

/**
 * Whether a head, of which the bytes before `seen` were asked about already, may be settled by those up to `end`: it is
 * whole, too long or has a fault in its lines. Looks at each new byte once. Too many headers are found at the end only.
 */
export function mayHeadBeSettled(
  bytes: Uint8Array,
  start: number,
  seen: number,
  end: number,
  limits: HttpLimits,
): boolean {
  if (end - start >= limits.maxHeadBytes) return true;
  for (let at = seen; at < end; at++) {
    const byte = bytes[at] as number;
    const isBehindCr = at > start && bytes[at - 1] === CR;
    if (byte === LF) {
      const isLineEmpty = at - 2 < start || bytes[at - 2] === LF;
      if (!isBehindCr || isLineEmpty) return true;
    } else if (isBehindCr || isControl(byte)) return true;
  }
  return false;
}

/** Reads a request's head. Faults: 400, 413 and 501 (a body), 414 and 431 (too large), 505. */
export function parseRequestHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: HttpLimits,
): HttpHeadResult<RequestHead> {
  const lines = readLines(bytes, start, end, limits);
  if (lines.state !== "done") return lines;
  const [requestLine = "", ...fields] = lines.head;
  const request = parseRequestLine(requestLine);
  if ("state" in request) return request;
  const headers = parseFields(fields);
  if ("state" in headers) return headers;
  const refused = checkRequestHeaders(request.version, headers, limits.maxBodyBytes ?? 0);
  return refused ?? { state: "done", head: { ...request, headers }, consumed: lines.consumed };
}

/** Reads a response's head. A body, if there is one, begins behind `consumed`. */
export function parseResponseHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: HttpLimits,
): HttpHeadResult<ResponseHead> {
  const lines = readLines(bytes, start, end, limits);
  if (lines.state === "more") return lines;
  if (lines.state === "fault") return { ...lines, status: 502 };
  const [statusLine = "", ...fields] = lines.head;
  const match = STATUS_LINE.exec(statusLine);
  if (match === null) return fault(502, "the answer does not begin with an HTTP/1 status line");
  const headers = parseFields(fields);
  if ("state" in headers) return { ...headers, status: 502 };
  const [, version = "", status = "", reason = ""] = match;
  return { state: "done", head: { status: Number(status), reason, version, headers }, consumed: lines.consumed };
}

/** Whether the comma-separated `list` has `token`, in any case. */
export function hasToken(list: string | undefined, token: string): boolean {
  return list?.split(",").some((item) => trim(item).toLowerCase() === token) ?? false;
}

/** Finds the empty line and splits the head there, refusing everything that is not CR LF and printable. */
function readLines(bytes: Uint8Array, start: number, end: number, limits: HttpLimits): HttpHeadResult<string[]> {
  const scanEnd = Math.min(end, start + limits.maxHeadBytes);
  const lines: string[] = [];
  let lineStart = start;
  for (let at = start; at < scanEnd; at++) {
    const byte = bytes[at] as number;
    if (byte === LF) {
      if (at === lineStart || bytes[at - 1] !== CR) return fault(400, "line feed without carriage return");
      if (at - 1 === lineStart && lines.length === 0) return fault(400, "empty first line");
      if (at - 1 === lineStart) return { state: "done", head: lines, consumed: at + 1 - start };
      if (lines.length > limits.maxHeaders) return fault(431, `more than ${limits.maxHeaders} headers`);
      lines.push(latin1(bytes, lineStart, at - 1));
      lineStart = at + 1;
    } else if (at > lineStart && bytes[at - 1] === CR) {
      return fault(400, "carriage return without line feed");
    } else if (isControl(byte)) {
      return fault(400, "control character in the head");
    }
  }
  if (end - start < limits.maxHeadBytes) return { state: "more" };
  return fault(lines.length === 0 ? 414 : 431, `head is over ${limits.maxHeadBytes} bytes`);
}

/** Of those that have no place in a head; LF is looked at by itself. */
function isControl(byte: number): boolean {
  return (byte < SP && byte !== HT && byte !== CR) || byte === DEL;
}

function parseRequestLine(line: string): Omit<RequestHead, "headers"> | HttpFault {
  const [method = "", target = "", protocol = "", ...rest] = line.split(" ");
  if (rest.length > 0 || !TOKEN.test(method)) return fault(400, "malformed request line");
  const version = VERSION.exec(protocol);
  if (version === null) return fault(400, "malformed request line");
  if (version[1] !== "1") return fault(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  const parts = VISIBLE.test(target) ? TARGET.exec(target) : null;
  if (parts === null) return fault(400, "malformed request target");
  const [, path = "/", query = ""] = parts;
  return { method, target, path, query, version: version[2] === "0" ? "1.0" : "1.1" };
}

function parseFields(lines: readonly string[]): Map<string, string> | HttpFault {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    // Also meets a folded line and whitespace before the colon: neither begins with a token.
    if (!TOKEN.test(name)) return fault(400, "malformed header");
    const value = trim(line.slice(colon + 1));
    const earlier = headers.get(name);
    if (earlier !== undefined && SINGLE_HEADERS.has(name)) return fault(400, `header ${name} is given twice`);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return headers;
}

/** A request must name its host, and say how long its body is, if it may have one. */
function checkRequestHeaders(version: string, headers: HttpHeaders, maxBodyBytes: number): HttpFault | undefined {
  if (version === "1.1" && !headers.has("host")) return fault(400, "header host is missing");
  if (headers.has("transfer-encoding")) return fault(501, "transfer codings are not taken");
  const length = headers.get("content-length");
  if (length === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(length)) return fault(400, "malformed content-length");
  if (Number(length) <= maxBodyBytes) return undefined;
  return fault(413, maxBodyBytes === 0 ? "no request here takes a body" : `a body has at most ${maxBodyBytes} bytes`);
}

/** Without spaces and tabs around it; a regular expression would be quadratic on a run of them. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SP || code === HT;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

function fault(status: number, message: string): HttpFault {
  return { state: "fault", status, message };
}

export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * A whole response. Content-Length is added, except to 1xx, 204 and 304. Throws a RangeError for a header that could
 * not be read back as it is (a line break in it, say), which is an error of the caller.
 */
export function formatResponse(
  status: number,
  headers: HeaderList,
  body: string | Uint8Array = "",
  version: "1.0" | "1.1" = "1.1",
): Uint8Array {
  const bodyBytes = typeof body === "string" ? encodeUtf8(body) : body;
  const hasLength = status >= 200 && status !== 204 && status !== 304;
  const all: HeaderList = hasLength ? [...headers, ["Content-Length", String(bodyBytes.length)]] : headers;
  const head = encodeUtf8(formatHead(`HTTP/${version} ${status} ${reasonPhrase(status)}`, all));
  const bytes = new Uint8Array(head.length + (hasLength ? bodyBytes.length : 0));
  bytes.set(head);
  if (hasLength) bytes.set(bodyBytes, head.length);
  return bytes;
}

/** A request without a body. Throws a RangeError as `formatResponse` does. */
export function formatRequestHead(
  method: string,
  target: string,
  headers: HeaderList,
  version: "1.0" | "1.1" = "1.1",
): Uint8Array {
  if (!TOKEN.test(method)) throw new RangeError("HTTP method is not a token");
  if (!VISIBLE.test(target)) throw new RangeError("HTTP target holds a space or a character beyond visible ASCII");
  return encodeUtf8(formatHead(`${method} ${target} HTTP/${version}`, headers));
}

function formatHead(firstLine: string, headers: HeaderList): string {
  let text = `${firstLine}\r\n`;
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) throw new RangeError("HTTP header name is not a token");
    if (!FIELD_VALUE.test(value)) throw new RangeError(`HTTP header ${name} holds a control or non-ASCII character`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
