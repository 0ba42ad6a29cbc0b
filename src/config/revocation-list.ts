// @peculiar/x509 asks for it, first.
import "reflect-metadata";
import { PemConverter, X509Crl } from "@peculiar/x509";
import { canonicalSerial } from "../access/serial-number.ts";
import { ConfigError } from "../base/errors.ts";

/**
 * The canonical serial numbers in a file of certificate revocation lists (RFC 5280, 5): PEM, one or several, or one in
 * DER. Signatures and dates of the lists are not looked at here: TLS does, at each handshake.
 *
 * Throws a ConfigError that names `path`.
 */
export function parseRevocationList(path: string, bytes: Uint8Array): ReadonlySet<string> {
  try {
    const lists = derLists(bytes).map((der) => new X509Crl(der));
    if (lists.length === 0) throw new Error("there is none in it");
    return new Set(lists.flatMap(({ entries }) => entries.map(({ serialNumber }) => canonicalSerial(serialNumber))));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("CRL_INVALID", `cannot read the revocation list ${path}: ${reason}.`, {
      cause,
      hint: "It must be a CRL in PEM (-----BEGIN X509 CRL-----) or DER, as `openssl ca -gencrl` makes it.",
    });
  }
}

function derLists(bytes: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
  const text = Buffer.from(bytes).toString("latin1");
  if (!text.includes("-----BEGIN ")) return [Uint8Array.from(bytes)];
  const blocks = PemConverter.decodeWithHeaders(text).filter(({ type }) => type === "X509 CRL" || type === "CRL");
  return blocks.map(({ rawData }) => new Uint8Array(rawData));
}
