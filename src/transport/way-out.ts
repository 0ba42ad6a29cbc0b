import type { HeaderList } from "../wire/http.ts";

/** A proxy between us and the server. */
interface Proxy {
  /** `http` and `https` (TLS to the proxy) speak CONNECT (RFC 9110, 9.3.6), the others SOCKS 5 (RFC 1928). */
  readonly kind: "http" | "https" | "socks5" | "socks5h";
  readonly host: string;
  readonly port: number;
  /** `user:password`. Secret. */
  readonly credentials: string | undefined;
  /** Without credentials, for logs. */
  readonly display: string;
}

/** How a client gets out of its network and to the server; everything but the URL, TLS and who it is. */
export interface WayOut {
  /** The proxy for a server, by what flags, configuration and environment say; undefined: straight. */
  readonly proxyFor: (host: string, port: number) => Proxy | undefined;
  /** Addresses that stand in for DNS: `host:port` in lower case to an IP address. */
  readonly resolve: ReadonlyMap<string, string>;
  /** Our own address of the connection. */
  readonly sourceAddress: string | undefined;
  /** The interface that the connection must leave by (SO_BINDTODEVICE). */
  readonly interfaceName: string | undefined;
  /** Sent with the upgrade, beside ours. May be secrets. */
  readonly headers: HeaderList;
  /** In place of the URL's host, in the header Host. */
  readonly hostHeader: string | undefined;
  /** In place of the URL's host, in TLS: what is asked for (SNI) and what the certificate must be for. */
  readonly serverName: string | undefined;
}

/** Straight to the server, as the URL says. */
export const STRAIGHT: WayOut = Object.freeze({
  proxyFor: () => undefined,
  resolve: new Map(),
  sourceAddress: undefined,
  interfaceName: undefined,
  headers: [],
  hostHeader: undefined,
  serverName: undefined,
});
