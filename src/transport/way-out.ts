import type { Socket } from "node:net";
import type { HeaderList } from "../wire/http.ts";
import type { Address } from "./happy-eyeballs.ts";
import type { ProxyLogin } from "./proxy-login.ts";
import type { ServerUrl } from "./server-url.ts";

/** A proxy between us and the server. */
export interface ForwardProxy {
  /** `http` and `https` (TLS to the proxy) speak CONNECT (RFC 9110, 9.3.6), the others SOCKS 5 (RFC 1928). */
  readonly kind: "http" | "https" | "socks5" | "socks5h";
  /** Name or address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly login: ProxyLogin | undefined;
  /** Without credentials, for logs. */
  readonly display: string;
}

/** How a client gets out of its network and to the server; everything but the URL, TLS and who it is. */
export interface WayOut {
  /**
   * The proxy for a server, by what flags, configuration and environment say; undefined: straight. Never one for a `ws:`
   * server on this machine, which is trusted without TLS.
   */
  readonly proxyFor: (url: ServerUrl) => ForwardProxy | undefined;
  /** PEM of those who sign a proxy's certificate; the system's list if undefined. */
  readonly proxyCa: Buffer | undefined;
  /** Addresses that stand in for DNS: `host:port` or `*:port` in lower case to IP addresses, the best first. */
  readonly resolve: ReadonlyMap<string, readonly string[]>;
  /** What is asked for the addresses of names; undefined: the system. */
  readonly lookUp?: (host: string) => Promise<readonly Address[]>;
  /** Our own address of the connection. */
  readonly sourceAddress: string | undefined;
  /** Makes the socket that is to connect, for one that must leave by an interface; undefined: Node does. May throw a PeerError. */
  readonly makeSocket: ((family: 4 | 6) => Socket) | undefined;
  /** Called with each address before it is connected to, so that packets to it find their way. May throw a PeerError. */
  readonly pinRoute?: (address: string) => void;
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
  proxyCa: undefined,
  resolve: new Map(),
  sourceAddress: undefined,
  makeSocket: undefined,
  headers: [],
  hostHeader: undefined,
  serverName: undefined,
});
