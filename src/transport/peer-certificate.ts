import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/**
 * The certificate that a client showed, if OpenSSL found it good: signed by a CA we gave, valid now, not revoked.
 * `authorized` is set by Node for sockets of a `tls.Server` only; its source, the handle's verifyError (null: no
 * error), is asked here. A handle without it is as a certificate that did not verify.
 *
 * Call it as soon as the handshake is through: of a socket that has ended, the handle reads memory that is gone (Node 20
 * ends with SIGSEGV).
 */
export function verifiedPeerCertificate(stream: TLSSocket): X509Certificate | undefined {
  if (stream.destroyed) return undefined;
  const handle = (stream as TLSSocket & { readonly _handle?: { verifyError?(): unknown } | null })._handle;
  if (typeof handle?.verifyError !== "function" || handle.verifyError() !== null) return undefined;
  return stream.getPeerX509Certificate();
}
