import "reflect-metadata";
import { X509Crl } from "@peculiar/x509";

const BLOCK = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/g;

/**
 * When the first of the revocation lists in a PEM text is past its next update, Unix milliseconds: from then on no
 * client certificate is trusted. Undefined if none says when. Throws if one cannot be read.
 */
export function revocationListsEndMs(pem: string): number | undefined {
  const ends = [...pem.matchAll(BLOCK)].flatMap(([, base64 = ""]) => {
    const { nextUpdate } = new X509Crl(Buffer.from(base64, "base64"));
    return nextUpdate === undefined ? [] : [nextUpdate.getTime()];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
