import type { X509Certificate } from "node:crypto";
import type { AccessRequest } from "./access-request.ts";
import type { AuthenticationOutcome, Authenticator, RefusalReason } from "./authenticator.ts";
import type { CertificateAuthorities } from "./certificate-authorities.ts";
import { type CertificateUser, userOfCertificate } from "./certificate-user.ts";
import type { Identity } from "./identity.ts";
import { canonicalSerial } from "./serial-number.ts";
import type { ValueSource } from "./value-source.ts";

export interface CertificateOptions {
  readonly user: CertificateUser;
}

export const CERTIFICATE_DEFAULTS: CertificateOptions = { user: "common-name" };

export interface CertificateDeps {
  /** Whose certificates are taken. */
  readonly authorities: ValueSource<CertificateAuthorities>;
  /** Canonical serial numbers that the CA took back. Also of another CA's certificate of the same number, if there are two. */
  readonly revoked: ValueSource<ReadonlySet<string>>;
  /** Unix milliseconds. */
  readonly nowUnixMs: () => number;
}

/**
 * Takes the certificate that TLS has verified against the client CAs. Authority, dates and revocation are looked at once
 * more: a TLS session may be older than the files, and peers that are connected are judged again when those change.
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
    if (user === undefined) return { state: "refused", reason: "no-user", user };
    const authority = this.#deps.authorities.current().idFor(certificate);
    const reason = this.#fault(certificate);
    if (authority === undefined) return { state: "refused", reason: "wrong-signature", user };
    if (reason !== undefined) return { state: "refused", reason, user };
    const credentialId = credentialIdOf(certificate, authority);
    const expiresMs = Date.parse(certificate.validTo);
    const identity = { user, groups: [], method: this.method, network: undefined, expiresMs, credentialId };
    return { state: "identified", identity };
  }

  isStillGood({ credentialId, expiresMs }: Identity, nowMs: number): boolean {
    const [serial = "", authority = ""] = credentialId.split(":", 2);
    const { authorities, revoked } = this.#deps;
    if (expiresMs === undefined || nowMs >= expiresMs) return false;
    return !revoked.current().has(serial) && authorities.current().has(authority);
  }

  /** Negated comparisons, so that a date that cannot be read is a fault too. */
  #fault({ validFrom, validTo, serialNumber }: X509Certificate): RefusalReason | undefined {
    const nowMs = this.#deps.nowUnixMs();
    if (!(Date.parse(validFrom) <= nowMs)) return "not-yet-valid";
    if (!(nowMs < Date.parse(validTo))) return "expired";
    return this.#deps.revoked.current().has(canonicalSerial(serialNumber)) ? "revoked" : undefined;
  }
}

/** `serial:authority:fingerprint`: the number by which it is revoked, who signed it, and its SHA-256. */
function credentialIdOf({ serialNumber, fingerprint256 }: X509Certificate, authority: string): string {
  return `${canonicalSerial(serialNumber)}:${authority}:${fingerprint256.replaceAll(":", "").toLowerCase()}`;
}
