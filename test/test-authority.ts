import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

export interface IssueOptions {
  readonly names?: readonly JsonGeneralName[];
  readonly usage?: "clientAuth" | "serverAuth";
  /** From now; negative: it has ended already. */
  readonly lifeMs?: number;
}

export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly serialNumber: string;
}

/** A CA for tests, in memory. */
export class TestAuthority {
  readonly certificate: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, certificate: string) {
    this.#name = name;
    this.#keys = keys;
    this.certificate = certificate;
  }

  static async make(commonName: string): Promise<TestAuthority> {
    const keys = await makeKeys();
    const name = `CN=${commonName}`;
    return new TestAuthority(name, keys, await signSelf(name, keys));
  }

  /** Another certificate of its own, for the same key. */
  renewed(): Promise<string> {
    return signSelf(this.#name, this.#keys);
  }

  async issue(commonName: string, options: IssueOptions = {}): Promise<Issued> {
    const { names = [], usage = "clientAuth", lifeMs = DAY_MS } = options;
    const keys = await makeKeys();
    const serialNumber = serial();
    const certificate = await X509CertificateGenerator.create({
      serialNumber,
      subject: `CN=${commonName}`,
      issuer: this.#name,
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter: new Date(Date.now() + lifeMs),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage[usage]]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension([...names])]),
      ],
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    const key = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
    return { certificate: certificate.toString("pem"), key, serialNumber };
  }

  /** A revocation list; `lifeMs` counts from now to its next update. */
  async revoke(serialNumbers: readonly string[], lifeMs = DAY_MS): Promise<string> {
    const crl = await X509CrlGenerator.create({
      issuer: this.#name,
      thisUpdate: new Date(Date.now() - 2 * DAY_MS),
      nextUpdate: new Date(Date.now() + lifeMs),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#keys.privateKey,
      entries: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: new Date(Date.now() - DAY_MS) })),
    });
    // OpenSSL reads the label of RFC 7468, 6 only.
    return crl.toString("pem").replaceAll(/(BEGIN|END) CRL/g, "$1 X509 CRL");
  }
}

async function signSelf(name: string, keys: webcrypto.CryptoKeyPair): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return certificate.toString("pem");
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function serial(): string {
  return `40${randomBytes(8).toString("hex")}`;
}
