import { PeerError } from "../base/errors.ts";
import { printable } from "../wire/printable.ts";
import { connectFaultOf } from "./connect-fault.ts";
import type { ServerUrl } from "./server-url.ts";

/** Sentences for everything that can go wrong on the way to an open WebSocket: what failed, and what to do. */

const NOT_TLS = "The port does not speak TLS: use ws:// for a plain one.";

const NETWORK_HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: "The name has no address: is it spelled right, and does this machine's DNS know it?",
  EAI_AGAIN: "DNS does not answer: is this machine online?",
  ECONNREFUSED: "Nothing listens there: is the server running, and is the port right?",
  ECONNRESET: "The other side hung up: a firewall, or a port that speaks something else.",
  ETIMEDOUT: "No answer came: a firewall may swallow the packets.",
  EHOSTUNREACH: "There is no way to that host from here.",
  ENETUNREACH: "This machine has no route there: is it online?",
  EADDRNOTAVAIL: "No interface of this machine has the address that was given with --source.",
  EPROTO: NOT_TLS,
  // What OpenSSL makes of an answer in plain text, before version 3.2 and since.
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
};

const TLS_HINTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "The certificate is self-made: give its pin with --pin, or its file with --ca.",
  SELF_SIGNED_CERT_IN_CHAIN: "The certificate is signed by a private CA: give the CA's file with --ca.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "The issuer is unknown: give its file with --ca, or let the server send its intermediate certificates.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The issuer is unknown: give its file with --ca.",
  CERT_HAS_EXPIRED: "The server's certificate has expired: renew it, and check this machine's clock.",
  CERT_NOT_YET_VALID: "The server's certificate is not valid yet: check both clocks.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate is for another name: dial the server by a name that is in it.",
};

/** The connection, or its TLS, could not be made. What is a sentence already stays as it is. */
export function connectError(url: ServerUrl, error: Error): PeerError {
  if (error instanceof PeerError) return error;
  const { code, reason } = connectFaultOf(error);
  const hint = TLS_HINTS[code] ?? NETWORK_HINTS[code];
  const what = code in TLS_HINTS ? "does not trust the certificate of" : "cannot connect to";
  return new PeerError("CONNECT_FAILED", `${what} ${url.display}: ${reason}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The server's key is none of those pinned. */
export function pinError(url: ServerUrl, pins: readonly string[], seen: string): PeerError {
  const message = `${url.display} has another key than the one pinned: expected ${pins.join(" or ")}, seen ${seen}.`;
  return new PeerError("PIN_MISMATCH", message, {
    hint: "Nothing was sent. If the operator has changed the key, ask them for the new pin or invite; if not, somebody sits on the path.",
  });
}

export function lateError(url: ServerUrl, step: string, timeoutMs: number): PeerError {
  const message = `cannot connect to ${url.display}: ${step} took more than ${timeoutMs / 1000} s`;
  return new PeerError("CONNECT_TIMEOUT", message, { hint: NETWORK_HINTS.ETIMEDOUT as string });
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  301: "The server sends us elsewhere: dial the URL that it names.",
  302: "The server sends us elsewhere: dial the URL that it names.",
  307: "The server sends us elsewhere: dial the URL that it names.",
  308: "The server sends us elsewhere: dial the URL that it names.",
  403: "The server knows you and says no: ask its operator, or present a certificate with --crt and --key.",
  404: "No VPN is at that path: check the path of the URL and the web server's location.",
  409: "Another user has that MAC address: is a copy of this machine connected, or is --tap a clone of the server's?",
  426: "A proxy or web server on the way removed the Upgrade header: see the snippets in docs/OPERATIONS.md.",
  429: "Too many attempts: wait a while.",
  502: "The web server runs, the VPN server behind it does not answer: is it started, and at the address the web server has?",
  503: "The server is full or being restarted: it will be tried again.",
  504: "The web server runs, the VPN server behind it does not answer in time.",
};

/** What we have shown of ourselves, as far as it decides what to do about a 401. */
export type Shown = "nothing" | "basic" | "bearer" | "certificate";

const UNAUTHORIZED_HINTS: Readonly<Record<Shown, string>> = {
  nothing: "The server wants to know who you are: give an invite, --auth-file, --token-file, or --crt with --key.",
  basic: "The server does not take this user with this password: check --auth-file, VPN_WS_AUTH or the URL.",
  bearer: "The token is unknown, expired, revoked or used up: ask the server's operator for a new invite.",
  certificate:
    "The server does not take your certificate: is --crt of the server's CA, still valid and not revoked? Or give an invite, --auth-file or --token-file.",
};

/** A server said no, and perhaps when to ask again. */
export class UpgradeRefusedError extends PeerError {
  /** Of the answer. */
  readonly status: number;
  /** From the header Retry-After, at most a minute; undefined if it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, hint: string, status: number, retryAfterMs: number | undefined) {
    super("UPGRADE_REFUSED", message, { hint });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  /** What the server said beside it, printable; empty if it said nothing in plain text. */
  readonly sentence: string;
  /** The header Retry-After as it came. */
  readonly retryAfter: string | undefined;
  /** The header Via, by which a proxy that nobody asked for may give itself away; as it came. */
  readonly via: string | undefined;
}

/** What a proxy makes of an upgrade that it does not know: an ordinary request, which is answered so. */
const STRIPPED_STATUSES: ReadonlySet<number> = new Set([200, 400, 426]);
const STRIPPED_HINT =
  "A proxy on the way reads the traffic and strips Upgrade: use wss://, which it cannot read, or name it with --proxy, so that it makes a tunnel.";

/** An HTTP answer other than 101. */
export function statusError(url: ServerUrl, refusal: Refusal, shown: Shown): UpgradeRefusedError {
  const { status, reason, sentence } = refusal;
  const answer = `${url.display} answered ${status} ${printable(reason, 100)}`.trimEnd();
  const message = sentence === "" ? answer : `${answer}: ${sentence}`;
  return new UpgradeRefusedError(message, hintOf(url, refusal, shown), status, retryAfterMs(refusal.retryAfter));
}

function hintOf({ isSecure }: ServerUrl, { status, via }: Refusal, shown: Shown): string {
  if (status === 401) return UNAUTHORIZED_HINTS[shown];
  if (!isSecure && via !== undefined && STRIPPED_STATUSES.has(status)) return STRIPPED_HINT;
  return STATUS_HINTS[status] ?? "Is this the address of a VPN server?";
}

/** A server may slow us down, not send us away. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Seconds (RFC 9110, 10.2.3). The other form, a date, is of no use to a clock that may be wrong. */
function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header)
    ? Math.min(Number(header) * 1000, MAX_RETRY_AFTER_MS)
    : undefined;
}

/** An answer that is no WebSocket handshake, or a wrong one. */
export function handshakeError(url: ServerUrl, message: string): PeerError {
  return new PeerError("UPGRADE_FAILED", `${url.display} is no VPN server as it seems: ${message}`);
}
