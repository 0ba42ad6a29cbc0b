/** HTTP Digest access authentication (RFC 7616), the client's half: MD5 and SHA-256, plain and -sess, qop=auth or none. */
import { createHash } from "node:crypto";
import type { HttpChallenge } from "../wire/http-challenge.ts";

/** What is hashed with, by the name in the challenge; the better ones last. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["md5", "md5"],
  ["md5-sess", "md5"],
  ["sha-256", "sha256"],
  ["sha-256-sess", "sha256"],
]);

export interface DigestRequest {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  /** The request's target as it is sent. */
  readonly uri: string;
  /** How many requests have answered this nonce, this one included. */
  readonly nonceCount: number;
  /** Our own nonce: printable, unpredictable. */
  readonly clientNonce: string;
}

/** How good the algorithm of a challenge is; -1 if we cannot answer it at all. */
export function digestRank({ params }: HttpChallenge): number {
  const rank = [...ALGORITHMS.keys()].indexOf(algorithmOf(params).toLowerCase());
  const isComplete = params.has("nonce") && params.has("realm") && qopOf(params) !== "unknown";
  return isComplete && ECHOED.every((name) => PRINTABLE.test(params.get(name) ?? "")) ? rank : -1;
}

/** What goes back into a header as it came. */
const ECHOED = ["realm", "nonce", "opaque"] as const;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** The value of the Authorization or Proxy-Authorization header (RFC 7616, 3.4) for a challenge that has a rank. */
export function formatDigest({ params }: HttpChallenge, request: DigestRequest): string {
  const { user, uri, clientNonce } = request;
  const [realm = "", nonce = ""] = [params.get("realm"), params.get("nonce")];
  const count = request.nonceCount.toString(16).padStart(8, "0");
  const qop = qopOf(params);
  const opaque = params.get("opaque");
  return `Digest ${[
    params.get("userhash")?.toLowerCase() === "true"
      ? `username=${quoted(hashOf(params)(`${user}:${realm}`))}, userhash=true`
      : usernameField(user),
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response=${quoted(responseOf(params, request, count))}`,
    ...(params.has("algorithm") ? [`algorithm=${algorithmOf(params)}`] : []),
    ...(qop === "auth" ? ["qop=auth", `nc=${count}`, `cnonce=${quoted(clientNonce)}`] : []),
    // The -sess hash needs the client's nonce, also where no qop asks for it.
    ...(qop === "none" && isSession(params) ? [`cnonce=${quoted(clientNonce)}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
  ].join(", ")}`;
}

/** RFC 7616, 3.4.1 to 3.4.3; without qop as RFC 2069 had it, which old proxies still ask for. */
function responseOf(
  params: Params,
  { user, password, method, uri, clientNonce }: DigestRequest,
  count: string,
): string {
  const hash = hashOf(params);
  const [realm, nonce] = [params.get("realm"), params.get("nonce")];
  const plain = hash(`${user}:${realm}:${password}`);
  const ha1 = isSession(params) ? hash(`${plain}:${nonce}:${clientNonce}`) : plain;
  const ha2 = hash(`${method}:${uri}`);
  const middle = qopOf(params) === "auth" ? `${nonce}:${count}:${clientNonce}:auth` : nonce;
  return hash(`${ha1}:${middle}:${ha2}`);
}

type Params = HttpChallenge["params"];

/** `auth-int` alone would have us hash a body that a CONNECT does not have. */
function qopOf(params: Params): "auth" | "none" | "unknown" {
  const offered = params.get("qop");
  if (offered === undefined) return "none";
  return offered.split(",").some((one) => one.trim().toLowerCase() === "auth") ? "auth" : "unknown";
}

function algorithmOf(params: Params): string {
  return params.get("algorithm") ?? "MD5";
}

function isSession(params: Params): boolean {
  return algorithmOf(params).toLowerCase().endsWith("-sess");
}

function hashOf(params: Params): (text: string) => string {
  const name = ALGORITHMS.get(algorithmOf(params).toLowerCase()) ?? "md5";
  return (text) => createHash(name).update(text, "utf8").digest("hex");
}

/** A name beyond ASCII goes as RFC 8187 says: a header field cannot hold it. */
function usernameField(user: string): string {
  if (PRINTABLE.test(user)) return `username=${quoted(user)}`;
  const octets = [...Buffer.from(user, "utf8")];
  const text = octets.map((octet) => {
    const char = String.fromCharCode(octet);
    return /[A-Za-z0-9]/.test(char) ? char : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return `username*=UTF-8''${text.join("")}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
