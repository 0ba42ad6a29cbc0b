// Must come first: the containers inside @peculiar/x509 read their classes' metadata while it loads.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate and its key, PEM. */
export interface SelfSigned {
  readonly certificate: string;
  /** PKCS #8. Secret. */
  readonly key: string;
}

const DAY_MS = 86_400_000;
/** Clients know the key by its pin, which does not end; a shorter life would only stop a server that nobody looks after. */
const LIFE_MS = 3_650 * DAY_MS;
/** Clients whose clock is late are no reason to fail. */
const SLACK_MS = DAY_MS;

/**
 * Makes a key (ECDSA, P-256) and a certificate that it signs itself, for ten years and for these names and addresses.
 * It is no CA: nobody who trusts it trusts another certificate by it.
 */
export async function makeSelfSigned(names: readonly string[], nowMs: number = Date.now()): Promise<SelfSigned> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=vpn-ws server",
    notBefore: new Date(nowMs - SLACK_MS),
    notAfter: new Date(nowMs + LIFE_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ...alternativeNames(names),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { certificate: `${certificate.toString("pem")}\n`, key: pem("PRIVATE KEY", key) };
}

/** Positive and of at most 20 bytes (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** A name of letters, digits, dots, hyphens and underscores; others would not stand in a certificate as they are. */
const DNS_NAME = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;

/** What is no name of one host, such as 0.0.0.0 or *, is left out. */
function alternativeNames(names: readonly string[]): SubjectAlternativeNameExtension[] {
  const general: JsonGeneralName[] = [];
  for (const name of new Set(names)) {
    if (isIP(name) !== 0 && !/^[0:.]+$/.test(name)) general.push({ type: "ip", value: name });
    else if (isIP(name) === 0 && DNS_NAME.test(name)) general.push({ type: "dns", value: name });
  }
  return general.length === 0 ? [] : [new SubjectAlternativeNameExtension(general)];
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
