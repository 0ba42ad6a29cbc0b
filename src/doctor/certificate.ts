import { X509Certificate } from "node:crypto";
import { type DetailedPeerCertificate, rootCertificates, type TLSSocket } from "node:tls";
import { keyPin } from "../transport/key-pin.ts";

/** One certificate of a chain, as people know it. */
export interface SeenCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly fingerprint: string;
}

/** What TLS has shown. */
export interface SeenTls {
  /** `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** The server's own first, then who signed it, as far as they were sent or are known. Empty if it showed none. */
  readonly chain: readonly SeenCertificate[];
  /** Names and addresses that the server's certificate is for. */
  readonly names: readonly string[];
  /** Of the server's key; empty if it showed none. */
  readonly pin: string;
  /** Why the certificate is not to be trusted, OpenSSL's code or Node's; undefined if it is. */
  readonly fault: string | undefined;
}

/** A chain is a few certificates; one that goes in a circle ends here. */
const MAX_CHAIN = 10;

export function lookAtTls(stream: TLSSocket): SeenTls {
  // Not getPeerX509Certificate: in Node 20 getPeerCertificate gives nothing after it.
  const first = stream.getPeerCertificate(true);
  const leaf = first.raw === undefined ? undefined : new X509Certificate(first.raw);
  return {
    protocol: stream.getProtocol() ?? "unknown",
    cipher: stream.getCipher().standardName,
    chain: chainOf(first),
    names: leaf === undefined ? [] : namesOf(leaf),
    pin: leaf === undefined ? "" : keyPin(leaf),
    fault: faultOf(stream),
  };
}

/** Node's types say an Error; it is the code, a text. */
function faultOf({ authorized, authorizationError: fault }: TLSSocket): string | undefined {
  if (authorized) return undefined;
  const value: unknown = fault;
  if (value instanceof Error) return "code" in value ? String(value.code) : value.message;
  return typeof value === "string" ? value : "UNKNOWN";
}

function chainOf(leaf: DetailedPeerCertificate): readonly SeenCertificate[] {
  const chain: SeenCertificate[] = [];
  let one: DetailedPeerCertificate | undefined = leaf;
  while (one?.raw !== undefined && chain.length < MAX_CHAIN) {
    const { subject, issuer, valid_from: from, valid_to: to, fingerprint256: fingerprint } = one;
    if (chain.some((other) => other.fingerprint === fingerprint)) break;
    chain.push({
      subject: nameOf(subject),
      issuer: nameOf(issuer),
      fromMs: Date.parse(from),
      toMs: Date.parse(to),
      fingerprint,
    });
    one = one.issuerCertificate;
  }
  return chain;
}

/** The common name and the organization: what people call a CA. */
function nameOf(name: object): string {
  const { CN, O } = name as { readonly CN?: string | string[]; readonly O?: string | string[] };
  const words = [CN, O].flat().filter((word) => word !== undefined && word !== "");
  return words.length === 0 ? "nobody by name" : [...new Set(words)].join(", ");
}

function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  const entries = (subjectAltName ?? "").split(", ");
  return entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
}

/** Whether the last of the chain, or who signed it, is on the list that Node brings, which is Mozilla's. */
export function endsAtPublicRoot(chain: readonly SeenCertificate[]): boolean {
  const last = chain.at(-1);
  if (last === undefined) return false;
  return rootCertificates.some((pem) => new X509Certificate(pem).fingerprint256 === last.fingerprint);
}
