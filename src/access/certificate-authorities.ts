import { createHash, X509Certificate } from "node:crypto";
import { certificateBlocks } from "../wire/pem.ts";

/** How far a chain that TLS has checked is walked; nobody has more than a few. */
const CHAIN_LINKS = 10;

interface Authority {
  readonly certificate: X509Certificate;
  readonly id: string;
}

/**
 * The authorities whose client certificates are taken. TLS checks chains when a client connects; these tell by which
 * authority a certificate was good, to be asked later whether that one is still among them.
 */
export class CertificateAuthorities {
  readonly #authorities: readonly Authority[];
  readonly #ids: ReadonlySet<string>;

  /** Reads a file of certificates in PEM. Throws what X509Certificate throws. */
  constructor(pem: string) {
    const certificates = certificateBlocks(pem).map((block) => new X509Certificate(block));
    this.#authorities = certificates.map((certificate) => ({ certificate, id: idOf(certificate) }));
    this.#ids = new Set(this.#authorities.map(({ id }) => id));
  }

  /** The id of the authority's key, which stays when its own certificate is renewed; undefined if it is none of these. */
  idFor(certificate: X509Certificate): string | undefined {
    let link: X509Certificate | undefined = certificate;
    for (let i = 0; i < CHAIN_LINKS && link !== undefined; i++) {
      const subject: X509Certificate = link;
      const authority = this.#authorities.find((one) => isGoodBy(subject, one.certificate));
      if (authority !== undefined) return authority.id;
      link = subject.issuerCertificate;
    }
    return undefined;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}

function idOf({ publicKey }: X509Certificate): string {
  const der = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("base64url").slice(0, 22);
}

function isGoodBy(subject: X509Certificate, authority: X509Certificate): boolean {
  if (subject.fingerprint256 === authority.fingerprint256) return true;
  return subject.checkIssued(authority) && subject.verify(authority.publicKey);
}
