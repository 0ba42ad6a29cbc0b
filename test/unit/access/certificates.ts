// @peculiar/x509 asks for it, first.
import "reflect-metadata";
import { webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
x509.cryptoProvider.set(webcrypto as never);

export const NOT_BEFORE = new Date("2026-01-01T00:00:00Z");
export const NOT_AFTER = new Date("2027-01-01T00:00:00Z");

/** The subject's attributes in their order, such as `[{ CN: ["alice"] }]`; alternative names with their kinds. */
export async function makeCertificate(
  subject: x509.JsonName,
  alternativeNames: x509.JsonGeneralNames = [],
  serialNumber = "0a01",
): Promise<X509Certificate> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: subject,
    keys,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    extensions: alternativeNames.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternativeNames)],
  });
  return new X509Certificate(certificate.toString("pem"));
}

/** A revocation list of the serial numbers. */
export async function makeRevocationList(serialNumbers: readonly string[]): Promise<x509.X509Crl> {
  return x509.X509CrlGenerator.create({
    issuer: "CN=Test CA",
    thisUpdate: NOT_BEFORE,
    nextUpdate: NOT_AFTER,
    entries: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: NOT_BEFORE })),
    signingKey: keys.privateKey,
    signingAlgorithm: ALGORITHM,
  });
}
