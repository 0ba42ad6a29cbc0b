import type { Protocol } from "./listen-address.ts";

/** ContentType handshake, the first byte of every TLS connection (RFC 8446 5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * Tells a protocol by its first byte: TLS begins with 0x16, HTTP with a capital letter of its method, uwsgi with
 * modifier1, of which 0 (request) and 1 (control) are ours. Undefined for anything else.
 */
export function detectProtocol(firstByte: number): Protocol | undefined {
  if (firstByte === TLS_HANDSHAKE) return "tls";
  if (firstByte === 0 || firstByte === 1) return "uwsgi";
  return firstByte >= 0x41 && firstByte <= 0x5a ? "http" : undefined;
}
