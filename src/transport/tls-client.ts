import type { Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { TLS_SETTINGS } from "./tls-settings.ts";

/** Whom we expect at the other end, and what we show there. */
export interface TlsExpectation {
  /** Name or address; the certificate must be for it, unless `serverName` is given. */
  readonly host: string;
  /** For SNI and the check of the certificate; undefined for an address, which SNI does not carry (RFC 6066, 3). */
  readonly serverName: string | undefined;
  /** PEM; the system's list if undefined. */
  readonly ca: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** False: whatever the certificate says is taken. */
  readonly verify: boolean;
}

/**
 * TLS over a connection; the socket goes with it, and it with the socket. No session is ever resumed, so the
 * certificate is checked each time, before a byte of ours is sent.
 */
export function startTls(socket: Socket, expected: TlsExpectation): Promise<TLSSocket> {
  const { host, serverName: servername, ca, cert, key, verify } = expected;
  const stream = connectTls({
    socket,
    host,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: verify,
    ...TLS_SETTINGS,
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  return new Promise((resolve, reject) => {
    stream.once("secureConnect", () => resolve(stream));
    // Stays for the socket's life: an error without a listener would end the process, and "close" follows.
    stream.on("error", reject);
    stream.once("close", () => reject(new Error("the connection was closed")));
  });
}
