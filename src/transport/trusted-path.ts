import type { TlsClientOptions } from "./dialer.ts";
import { isLocalOnly } from "./listen-address.ts";
import type { ServerUrl } from "./server-url.ts";

/**
 * Whether nobody but the server can have said what comes by this connection: TLS with a verified certificate or a pinned
 * key, or a connection that does not leave this machine.
 */
export function isTrustedPath(url: ServerUrl, tls: Pick<TlsClientOptions, "pins" | "verify">): boolean {
  return url.isSecure ? tls.verify || tls.pins.length > 0 : isLoopback(url);
}

/** Whether the server is on this machine, as its address says. */
export function isLoopback({ host, port }: ServerUrl): boolean {
  return isLocalOnly({ kind: "tcp", host, port });
}
