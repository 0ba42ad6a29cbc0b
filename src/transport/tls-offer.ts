import type { SecureContext } from "node:tls";

/** What a listener offers to clients that speak TLS. */
export interface TlsOffer {
  /** Certificate and key in force; asked anew for each connection, so that a reload holds from the next one on. */
  context(): SecureContext;
  /** Whether clients are asked for a certificate. One that does not verify is as none: who may come in is decided later. */
  readonly asksCertificate: boolean;
}
