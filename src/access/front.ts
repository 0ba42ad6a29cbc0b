/**
 * What is believed of a request's origin. A web server in front speaks for its clients: who they are and where they
 * come from. Whoever else says such things is a client that forges them.
 *
 * A web server that is believed must itself set, on every request, each of the names below, so that what its client
 * sent is overwritten: X-Remote-User, X-SSL-Client-Verify, X-SSL-Client-S-DN over HTTP. nginx:
 *
 *     proxy_set_header X-Remote-User       $remote_user;
 *     proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
 *     proxy_set_header X-SSL-Client-S-DN   $ssl_client_s_dn;
 *     proxy_set_header X-Forwarded-For     $proxy_add_x_forwarded_for;
 */
import type { X509Certificate } from "node:crypto";
import { formatIpAddress, type IpPrefix, parseIpAddress, somePrefixHolds } from "../wire/ip-prefix.ts";
import { decodeUtf8 } from "../wire/utf8.ts";
import type { AccessRequest, FrontWord } from "./access-request.ts";

/** What the listener saw; nothing of it is believed yet. */
export interface Arrival {
  readonly via: "http" | "uwsgi";
  /** Who connected. `uid`: of a unix socket's other end, which the listener has checked; undefined if the kernel did not say. */
  readonly origin:
    | { readonly kind: "unix"; readonly uid: number | undefined }
    | { readonly kind: "tcp"; readonly address: string };
  /** REMOTE_ADDR, REMOTE_USER and DN of the uwsgi variables; empty over HTTP. */
  readonly word: { readonly address: string; readonly user: string; readonly distinguishedName: string };
  /** `header`: takes the name in lower case; a repeated header's values are joined with ", ". */
  readonly request: { readonly path: string; header(name: string): string | undefined };
  /** Shown on our own TLS listener, and verified by TLS. */
  readonly certificate: X509Certificate | undefined;
}

/** Addresses of X-Forwarded-For that are looked at; no chain of proxies is as long. */
export const MAX_FORWARDED_HOPS = 32;

/** An address with a port: a.b.c.d:port, [v6] or [v6]:port. */
const WITH_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/;

/**
 * The request as authenticators may see it. A unix socket's other end is believed, if the kernel told whose it is; over
 * TCP whoever connects from one of `trustedProxies` is.
 */
export function believe(arrival: Arrival, trustedProxies: readonly IpPrefix[]): AccessRequest {
  const { request } = arrival;
  const header = (name: string): string | undefined => request.header(name);
  const believed = believedFront(arrival, trustedProxies);
  // What a web server shows of itself is nobody's of its clients: else each of them would come in as the web server.
  const certificate = believed.front === undefined ? arrival.certificate : undefined;
  return { ...believed, path: request.path, header, certificate };
}

/** Where the client is, and what a web server says about it. */
function believedFront(
  arrival: Arrival,
  trustedProxies: readonly IpPrefix[],
): Pick<AccessRequest, "address" | "front"> {
  const { via, origin, word, request } = arrival;
  const socketAddress = origin.kind === "tcp" ? canonical(origin.address) : "";
  if (!isFrontTrusted(origin, trustedProxies)) return { address: socketAddress, front: undefined };
  if (via === "uwsgi") {
    const { address, user, distinguishedName } = word;
    return { address: canonical(address), front: { user, distinguishedName } };
  }
  const address = forwardedAddress(socketAddress, request.header("x-forwarded-for") ?? "", trustedProxies);
  return { address, front: frontFromHeaders(request) };
}

/** Whether what speaks to us from there is a web server whose word is believed. */
export function isFrontTrusted(origin: Arrival["origin"], trustedProxies: readonly IpPrefix[]): boolean {
  if (origin.kind === "unix") return origin.uid !== undefined;
  const bytes = parseIpAddress(origin.address);
  return bytes !== undefined && somePrefixHolds(trustedProxies, bytes);
}

function frontFromHeaders(request: Arrival["request"]): FrontWord {
  const isVerified = request.header("x-ssl-client-verify") === "SUCCESS";
  return {
    user: textOf(request.header("x-remote-user") ?? ""),
    distinguishedName: isVerified ? textOf(request.header("x-ssl-client-s-dn") ?? "") : "",
  };
}

/**
 * Each proxy appends whom it was asked by, so only what trusted ones wrote is true: from the right, the first address
 * that is no trusted proxy's is the client. What is no address ends the walk at the last good one.
 */
function forwardedAddress(socketAddress: string, header: string, trustedProxies: readonly IpPrefix[]): string {
  let address = socketAddress;
  let end = header.length;
  for (let hops = 0; hops < MAX_FORWARDED_HOPS && end > 0; hops++) {
    const comma = header.lastIndexOf(",", end - 1);
    const hop = parseHop(header.slice(comma + 1, end).trim());
    if (hop === undefined) break;
    address = formatIpAddress(hop);
    if (!somePrefixHolds(trustedProxies, hop)) break;
    end = comma;
  }
  return address;
}

function parseHop(text: string): Uint8Array | undefined {
  const match = WITH_PORT.exec(text);
  return parseIpAddress(match?.[1] ?? match?.[2] ?? text);
}

/** One text for one address; empty for what is none. */
function canonical(address: string): string {
  const bytes = parseIpAddress(address);
  return bytes === undefined ? "" : formatIpAddress(bytes);
}

/** Header bytes were read as Latin-1, names are UTF-8. Other bytes stay distinct as lone surrogates, which no name has. */
function textOf(header: string): string {
  const bytes = Uint8Array.from(header, (character) => character.charCodeAt(0));
  return (
    decodeUtf8(bytes, 0, bytes.length) ??
    header.replace(/[\x80-\xff]/g, (character) => String.fromCharCode(0xdc00 + character.charCodeAt(0)))
  );
}
