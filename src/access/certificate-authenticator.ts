import type { X509Certificate } from "node:crypto";
import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "./authenticator.ts";
import { type CertificateUser, userOfCertificate } from "./certificate-user.ts";
import type { Identity } from "./identity.ts";
import { canonicalSerial } from "./serial-number.ts";
import type { ValueSource } from "./value-source.ts";

export interface CertificateOptions {
  readonly user: CertificateUser;
}

export const CERTIFICATE_DEFAULTS: CertificateOptions = { user: "common-name" };

export interface CertificateDeps {
  /** Canonical serial numbers that the CA took back. Also of another CA's certificate of the same number, if there are two. */
  readonly revoked: ValueSource<ReadonlySet<string>>;
  /** Unix milliseconds. */
  readonly nowUnixMs: () => number;
}

/**
 * Takes the certificate that TLS has verified against the client CA. Dates and revocation are looked at once more: a
 * TLS session may be older than the list, and peers that are connected are judged again when it changes.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly method = "certificate" as const;
  readonly #deps: CertificateDeps;
  readonly #options: CertificateOptions;

  constructor(deps: CertificateDeps, options: CertificateOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async authenticate({ certificate }: AccessRequest): Promise<AuthenticationOutcome> {
    if (certificate === undefined) return { state: "absent" };
    const user = userOfCertificate(certificate, this.#options.user);
    const reason = user === undefined ? "no-user" : this.#fault(certificate);
    if (user === undefined || reason !== undefined) return { state: "refused", reason: reason ?? "no-user", user };
    const credentialId = credentialIdOf(certificate);
    const expiresMs = Date.parse(certificate.validTo);
    const identity = { user, groups: [], method: this.method, network: undefined, expiresMs, credentialId };
    return { state: "identified", identity };
  }

  isStillGood({ credentialId, expiresMs }: Identity, nowMs: number): boolean {
    const serial = credentialId.slice(0, credentialId.indexOf(":"));
    return expiresMs !== undefined && nowMs < expiresMs && !this.#deps.revoked.current().has(serial);
  }

  /** Negated comparisons, so that a date that cannot be read is a fault too. */
  #fault({ validFrom, validTo, serialNumber }: X509Certificate): RefusalReason | undefined {
    const nowMs = this.#deps.nowUnixMs();
    if (!(Date.parse(validFrom) <= nowMs)) return "not-yet-valid";
    if (!(nowMs < Date.parse(validTo))) return "expired";
    return this.#deps.revoked.current().has(canonicalSerial(serialNumber)) ? "revoked" : undefined;
  }
}

/** `serial:fingerprint`: the number by which it is revoked, and its SHA-256. */
function credentialIdOf({ serialNumber, fingerprint256 }: X509Certificate): string {
  return `${canonicalSerial(serialNumber)}:${fingerprint256.replaceAll(":", "").toLowerCase()}`;
}
