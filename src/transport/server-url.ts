import { isIP } from "node:net";
import { ConfigError } from "../base/errors.ts";

/** Where a client dials, parsed from `ws://` or `wss://[user:password@]host[:port][/path]`. */
export interface ServerUrl {
  readonly isSecure: boolean;
  /** Name or address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query, beginning with a slash. */
  readonly path: string;
  /** For the Host header: with the port unless it is the scheme's. */
  readonly hostHeader: string;
  /** `user:password` of the URL; undefined if it has none. Secret. */
  readonly credentials: string | undefined;
  /** The URL without its credentials and its query, which may be a token; for logs. */
  readonly display: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "ws:": 80, "wss:": 443 };
const HINT = "Examples: wss://vpn.example.com/vpn, ws://192.0.2.1:8080/.";

/** A ConfigError says what is wrong; it never repeats the credentials. */
export function parseServerUrl(text: string): ServerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const defaultPort = DEFAULT_PORTS[url?.protocol ?? ""];
  if (url === undefined || defaultPort === undefined || url.hostname === "") {
    throw new ConfigError("SERVER_URL_INVALID", `"${shownOf(text)}" is no ws:// or wss:// URL.`, { hint: HINT });
  }
  const path = `${url.pathname}${url.search}`;
  return {
    isSecure: url.protocol === "wss:",
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
    path,
    hostHeader: url.host,
    credentials: url.username === "" && url.password === "" ? undefined : decodeCredentials(url),
    display: `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`,
  };
}

/** A host without a scheme, which is forgotten often. Longer labels could be a token's, or the parts of a JWT. */
const HOST = /^(?:[\w-]{1,20}\.)+[\w-]{1,20}(?::\d{1,5})?(?=\/|$)/;

/**
 * What may be shown of a text that is no URL. Whatever stands before an @ may be a password, also in a URL too broken to
 * have parts; behind a ? and in an invite there may be a token, and a word that is no host may be one itself.
 */
function shownOf(text: string): string {
  if (/^\s*vpn-ws:/i.test(text)) return "vpn-ws:…";
  if (/^\w+:\/\//.test(text) || text.includes("@")) {
    return text.replace(/^(\w+:\/\/)?[\s\S]*@/, "$1…@").replace(/([?#])[\s\S]*$/, "$1…");
  }
  return HOST.exec(text)?.[0] ?? "…";
}

/** The name for SNI and the certificate check; undefined for an address, which SNI does not carry (RFC 6066 3). */
export function serverName({ host }: { readonly host: string }): string | undefined {
  return isIP(host) === 0 ? host : undefined;
}

function decodeCredentials(url: URL): string {
  try {
    return `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    throw new ConfigError("SERVER_URL_INVALID", "the user or password in the URL has a % that begins no %XX.", {
      hint: "Write % as %25, or give them with --auth-file.",
    });
  }
}
