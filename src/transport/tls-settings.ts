import { constants } from "node:crypto";
import { createSecureContext } from "node:tls";

/**
 * Groups for the key agreement, the best first: the post-quantum hybrid where OpenSSL knows it (since 3.5, Node 24).
 * OpenSSL's own list ends in finite fields of up to 8192 bits: a stranger who asks for these has us compute for a tenth
 * of a second for one small message (CVE-2002-20001).
 */
const HYBRID_GROUPS = "X25519MLKEM768:X25519:P-256:P-384";
const GROUPS = "X25519:P-256:P-384";

/**
 * TLS as we speak it on both sides: version 1.2 or newer, forward secrecy and authenticated encryption only. AES-128
 * comes first: it is no weaker in practice, and on a VPN the cipher is the largest part of the work. A handshake happens
 * once per connection: whose certificate was checked cannot change afterwards.
 */
export const TLS_SETTINGS = {
  minVersion: "TLSv1.2",
  honorCipherOrder: true,
  ciphers: [
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
  ].join(":"),
  ecdhCurve: knowsGroups(HYBRID_GROUPS) ? HYBRID_GROUPS : GROUPS,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;

function knowsGroups(ecdhCurve: string): boolean {
  try {
    createSecureContext({ ecdhCurve });
    return true;
  } catch {
    return false;
  }
}
