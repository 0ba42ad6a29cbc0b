import { PeerError } from "../base/errors.ts";
import type { ResponseHead } from "../wire/http.ts";
import { printable } from "../wire/printable.ts";
import { connectFaultOf } from "./connect-fault.ts";
import type { ForwardProxy } from "./way-out.ts";

/** Sentences for everything that can go wrong at a proxy. They name it, so that nobody looks for the fault at the server. */

const STRAIGHT_HINT = "It comes from --proxy, the configuration or the environment (HTTPS_PROXY, ALL_PROXY).";
const TLS_HINT = "The proxy's certificate is not of a CA that this system knows: give the CA's file with --proxy-ca.";
const NOT_TLS_HINT = "The proxy does not speak TLS on that port: write http:// instead of https://.";

const CONNECT_HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: `The proxy's name has no address: is it spelled right? ${STRAIGHT_HINT}`,
  EAI_AGAIN: "DNS does not answer: is this machine online?",
  ECONNREFUSED: `Nothing listens there: is the proxy running, and is the port right? ${STRAIGHT_HINT}`,
  ECONNRESET: "The proxy hung up: does it speak something else on that port?",
  ETIMEDOUT: "No answer came: is the proxy's address right, and is this the network that it is for?",
  EHOSTUNREACH: "There is no way to the proxy from here: is this the network that it is for?",
  ENETUNREACH: "This machine has no route to the proxy: is it online?",
  EPROTO: NOT_TLS_HINT,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS_HINT,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS_HINT,
  DEPTH_ZERO_SELF_SIGNED_CERT: TLS_HINT,
  SELF_SIGNED_CERT_IN_CHAIN: TLS_HINT,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS_HINT,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TLS_HINT,
  CERT_HAS_EXPIRED: "The proxy's certificate has expired: tell whoever runs it, and check this machine's clock.",
  CERT_NOT_YET_VALID: "The proxy's certificate is not valid yet: check this machine's clock.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The proxy's certificate is for another name: give the proxy by that name.",
};

/** The proxy itself was not reached. What is a sentence already stays as it is. */
export function proxyConnectError(proxy: ForwardProxy, error: Error): PeerError {
  if (error instanceof PeerError) return error;
  const { code, reason } = connectFaultOf(error);
  return new PeerError("PROXY_UNREACHABLE", `cannot connect to the proxy ${proxy.display}: ${reason}`, {
    cause: error,
    hint: CONNECT_HINTS[code] ?? STRAIGHT_HINT,
  });
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  400: "The proxy did not understand the request: is it a proxy that makes tunnels (CONNECT)?",
  403: "The proxy's rules forbid it: many allow port 443 only, so use a wss:// URL with that port, or ask who runs the proxy.",
  404: "That is a web server and no proxy: check its address.",
  405: "That makes no tunnels (CONNECT): is it a web server, or a proxy for web pages only?",
  407: "Give user and password of the proxy with --proxy-auth-file.",
  429: "The proxy says that there were too many requests: wait a while.",
  500: "The proxy cannot go on: does it know the server's name, and is it online itself?",
  501: "That makes no tunnels (CONNECT): is it a web server, or a proxy for web pages only?",
  502: "The proxy cannot reach the server: is the name known outside, is the server running, is the port right?",
  503: "The proxy cannot reach the server, or has too much to do: is the server's name known outside, is it running?",
  504: "The proxy waited for the server in vain: is it running, and is the port right?",
};

/** The proxy's answer to CONNECT is not a tunnel. `sentence`: what it says beside it, printable or empty. */
export function proxyStatusError(proxy: ForwardProxy, target: string, head: ResponseHead, sentence: string): PeerError {
  const { status, reason, headers } = head;
  // Squid's pages are for browsers; what they say stands in one word here.
  const [word = ""] = printable(headers.get("x-squid-error") ?? "", 60).split(" ");
  const words = [sentence, word].filter((text) => text !== "").join(", ");
  const answer = `the proxy ${proxy.display} answered ${status} ${printable(reason, 100)}`.trimEnd();
  const message = `${answer} when asked for ${target}${words === "" ? "" : `: ${words}`}`;
  const hint = STATUS_HINTS[status] ?? "This is the answer of the proxy, not of the server: ask who runs the proxy.";
  return new PeerError("PROXY_REFUSED", message, { hint });
}

/** It asks for a login that we do not speak. */
export function proxySchemeError(proxy: ForwardProxy, schemes: readonly string[]): PeerError {
  const names = printable([...new Set(schemes)].join(", "), 100);
  const wanted = names === "" ? "for a login and does not say of which kind" : `for a login of the kind ${names} only`;
  return new PeerError("PROXY_LOGIN_UNKNOWN", `the proxy ${proxy.display} asks ${wanted}.`, {
    hint: "Basic and Digest are spoken here. For NTLM and Negotiate (Windows) run a local proxy that logs in, such as cntlm or px, and give that with --proxy.",
  });
}

/** User or password are not those. */
export function proxyLoginError(proxy: ForwardProxy): PeerError {
  return new PeerError(
    "PROXY_LOGIN_REFUSED",
    `the proxy ${proxy.display} does not take this user with this password.`,
    {
      hint: "Check --proxy-auth-file, or the user and password in the proxy's URL.",
    },
  );
}

/** What came back is no answer of such a proxy. */
export function proxyFaultError(proxy: ForwardProxy, message: string): PeerError {
  const other = proxy.kind.startsWith("socks") ? "Is it an HTTP proxy (http://)?" : "Is it a SOCKS proxy (socks5h://)?";
  const hint = proxy.kind === "http" ? `${other} Or does it want TLS (https://)?` : other;
  return new PeerError("PROXY_FAULT", `the proxy ${proxy.display} does not answer as one: ${message}`, { hint });
}

export function proxyLateError(proxy: ForwardProxy, timeoutMs: number): PeerError {
  const message = `the proxy ${proxy.display} has opened no way to the server within ${timeoutMs / 1000} s`;
  return new PeerError("CONNECT_TIMEOUT", message, {
    hint: "The server may be down, or a firewall behind the proxy swallows the packets.",
  });
}

/** Replies of SOCKS 5 (RFC 1928, 6), by the names that the package `socks` gives them. */
const SOCKS_REPLIES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  Failure: ["it failed", "The proxy does not say why: is the server's name known where the proxy is?"],
  NotAllowed: [
    "its rules forbid it",
    "Ask who runs the proxy; many allow port 443 only, and some want --proxy-auth-file.",
  ],
  NetworkUnreachable: ["it has no route to the server's network", "Is the proxy itself online?"],
  HostUnreachable: [
    "it cannot reach the server",
    "Is the server's name known where the proxy is, and is the server running?",
  ],
  ConnectionRefused: ["nothing listens at the server", "Is the server running, and is the port right?"],
  TTLExpired: ["the server did not answer in time", "Is the server running, and is the port right?"],
  CommandNotSupported: ["it makes no connections", "That proxy does not know CONNECT: is it the right one?"],
  AddressNotSupported: [
    "it does not take that kind of address",
    "Write socks5h:// to send the name, or socks5:// to send an address that was looked up here.",
  ],
};

/** A reply other than success; `reply` as `socks` names it. */
export function socksReplyError(proxy: ForwardProxy, target: string, reply: string): PeerError {
  const [what, hint] = SOCKS_REPLIES[reply] ?? ["it does not say why", "Ask who runs the proxy."];
  return new PeerError("PROXY_REFUSED", `the proxy ${proxy.display} did not connect to ${target}: ${what}.`, { hint });
}

/** SOCKS knows one way to log in that we speak, and the proxy wants another, or any. */
export function socksMethodError(proxy: ForwardProxy): PeerError {
  return new PeerError("PROXY_LOGIN_UNKNOWN", `the proxy ${proxy.display} takes nobody who says as little as we do.`, {
    hint:
      proxy.login === undefined
        ? "It wants a user and a password: give --proxy-auth-file. GSSAPI (Kerberos) is not spoken here."
        : "It wants no password but something else, such as GSSAPI (Kerberos), which is not spoken here.",
  });
}
