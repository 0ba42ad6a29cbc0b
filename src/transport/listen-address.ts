import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { ConfigError } from "../base/errors.ts";

/** What may be spoken to a listener; on `unix` and `tcp` the first bytes tell, the others are fixed. */
export type Protocol = "http" | "tls" | "uwsgi";

/** Where a server listens, parsed from `http://host:port`, `https://host:port`, `tcp://host:port` or `unix:/path`. */
export type ListenAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "http" | "https" | "tcp"; readonly host: string; readonly port: number };

const EXAMPLES = "Examples: http://127.0.0.1:8080, https://[::]:443, unix:/run/vpn.sock, tcp://127.0.0.1:3031.";
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };
/** sun_path holds 108 bytes with its final zero (unix(7)). */
const MAX_UNIX_PATH_BYTES = 107;

/** Parses one `--listen` value; a ConfigError says what is wrong with it. */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith("unix:")) return unixAddress(text.slice("unix:".length));
  const match = /^(http|https|tcp):\/\/(\[[^\]]*\]|[^:/]*)(?::(\d{1,5}))?\/?$/.exec(text);
  if (match === null) {
    throw new ConfigError("LISTEN_ADDRESS_INVALID", `cannot listen on "${text}": it is no address.`, {
      hint: EXAMPLES,
    });
  }
  const [, kind, host = "", digits] = match;
  const port = digits === undefined ? DEFAULT_PORTS[kind as string] : Number(digits);
  if (port === undefined || port > 65_535) {
    throw new ConfigError("LISTEN_PORT_INVALID", `cannot listen on "${text}": it needs a port from 0 to 65535.`, {
      hint: EXAMPLES,
    });
  }
  return { kind: kind as "http" | "https" | "tcp", host: host.replace(/^\[(.*)\]$/, "$1"), port };
}

/** Parses the original's ADDRESS: a path for a unix socket, `host:port`, `:port` or `[ipv6]:port` for TCP. */
export function parseLegacyAddress(text: string): ListenAddress {
  return text.includes(":") ? parseListenAddress(`tcp://${text}`) : unixAddress(text);
}

function unixAddress(path: string): ListenAddress {
  if (path === "" || Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES) {
    const message = `cannot listen on the unix socket "${path}": a path has 1 to ${MAX_UNIX_PATH_BYTES} bytes.`;
    throw new ConfigError("LISTEN_PATH_INVALID", message, { hint: EXAMPLES });
  }
  return { kind: "unix", path };
}

/** Whether only this machine reaches the address: a unix socket, 127.0.0.0/8, ::1 or the name localhost. */
export function isLocalOnly(address: ListenAddress): boolean {
  if (address.kind === "unix" || address.host === "localhost") return true;
  return isIP(address.host) !== 0 && ipaddr.process(address.host).range() === "loopback";
}

/** The address as a person writes it; `port` is the one in force if the system chose it. */
export function formatListenAddress(address: ListenAddress, port?: number): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host === "" ? "*" : address.host;
  return `${address.kind}://${host}:${port ?? address.port}`;
}
