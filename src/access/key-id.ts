import { createHash } from "node:crypto";
import type { JWK } from "jose";

/** The members that make a public key what it is (RFC 7638, 3.2), besides its kind. All but `crv` are numbers. */
const MEMBERS: Readonly<Record<string, readonly (keyof JWK)[]>> = {
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
  RSA: ["e", "n"],
};

/**
 * Tells a public key from others, whatever it is called: a digest in the manner of RFC 7638, of the numbers without the
 * padding and leading zeros that issuers write and our libraries do not. Undefined for a key of another kind.
 */
export function keyIdOf(key: JWK): string | undefined {
  const members = MEMBERS[key.kty ?? ""];
  if (members === undefined) return undefined;
  const values = members.map((member) => key[member]).filter((value) => typeof value === "string");
  if (values.length !== members.length) return undefined;
  const canonical = values.map((value, i) => (members[i] === "crv" ? value : withoutZeros(value)));
  return createHash("sha256")
    .update(JSON.stringify([key.kty, ...canonical]))
    .digest("base64url")
    .slice(0, 22);
}

function withoutZeros(base64url: string): string {
  return Buffer.from(base64url, "base64url")
    .toString("hex")
    .replace(/^(00)+/, "");
}
