/** An issuer of tokens: its keys, its key set in a file, and the tokens it signs, good ones and others. */
import { createHmac } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";

const ALGORITHM = "RS256";

interface Pair {
  readonly kid: string;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

export class Issuer {
  readonly name: string;
  readonly file: string;
  #pair: Pair;

  private constructor(name: string, file: string, pair: Pair) {
    this.name = name;
    this.file = file;
    this.#pair = pair;
  }

  /** `file` is where its key set is kept. */
  static async make(name: string, file: string): Promise<Issuer> {
    const issuer = new Issuer(name, file, await makePair("key-0"));
    await issuer.#publish();
    return issuer;
  }

  /** From now on another key signs, and the key set has no other. */
  async rotate(kid: string): Promise<void> {
    this.#pair = await makePair(kid);
    await this.#publish();
  }

  /** Claims of a good token, good for ten minutes. */
  claims(user: string): JWTPayload {
    const nowS = Math.floor(Date.now() / 1000);
    return { iss: this.name, aud: "vpn", sub: user, iat: nowS, exp: nowS + 600 };
  }

  sign(claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const { kid, privateKey } = this.#pair;
    return new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, kid, ...header }).sign(privateKey);
  }

  /** No signature at all (RFC 7519, 6). */
  unsigned(claims: JWTPayload): string {
    return `${part({ alg: "none" })}.${part(claims)}.`;
  }

  /** Signed with the public key as if it were a password, which a careless verifier would take. */
  async confused(claims: JWTPayload): Promise<string> {
    const { kid, publicKey } = this.#pair;
    const signed = `${part({ alg: "HS256", kid })}.${part(claims)}`;
    const signature = createHmac("sha256", await exportSPKI(publicKey))
      .update(signed)
      .digest("base64url");
    return `${signed}.${signature}`;
  }

  async #publish(): Promise<void> {
    const { kid, publicKey } = this.#pair;
    const key = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: "sig" };
    writeFileSync(`${this.file}.new`, JSON.stringify({ keys: [key] }));
    renameSync(`${this.file}.new`, this.file);
  }
}

async function makePair(kid: string): Promise<Pair> {
  return { kid, ...(await generateKeyPair(ALGORITHM)) };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
