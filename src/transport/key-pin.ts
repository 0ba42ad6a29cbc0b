import { createHash, type X509Certificate } from "node:crypto";
import { ConfigError } from "../base/errors.ts";

/**
 * The pin of a certificate's key: `sha256/` and the base64 of SHA-256 over its SubjectPublicKeyInfo in DER (RFC 7469,
 * 2.4). It outlives a renewed certificate as long as the key stays.
 */
export function keyPin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: "spki", format: "der" });
  return `sha256/${createHash("sha256").update(spki).digest("base64")}`;
}

/** 32 bytes in base64: 43 characters, of which the last carries four bits, and a sign of padding. */
const PIN = /^sha256\/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Checks the text of a `--pin`. Throws ConfigError `PIN_INVALID`; what does not begin like a pin may be a secret. */
export function parsePin(text: string): string {
  if (PIN.test(text)) return text;
  const shown = text.startsWith("sha256/") ? `"${text}"` : "the text";
  throw new ConfigError("PIN_INVALID", `${shown} is not the pin of a key.`, {
    hint: "A pin is sha256/ and 44 characters of base64. The server logs its own when it starts with a certificate of its own.",
  });
}
