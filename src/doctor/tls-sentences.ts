import { isIP } from "node:net";
import { joinWords, plural } from "../base/words.ts";
import type { TlsClientOptions } from "../transport/dialer.ts";
import { endsAtPublicRoot, type SeenTls } from "./certificate.ts";
import { type Finding, finding } from "./finding.ts";

export interface TlsExpected {
  /** What the certificate must be for. */
  readonly name: string;
  readonly tls: Pick<TlsClientOptions, "ca" | "pins" | "verify">;
  /** Unix milliseconds. */
  readonly wallMs: number;
}

const DAY_MS = 86_400_000;
/** A certificate that ends sooner should have been renewed by now: those of 90 days are at 30. */
const SOON_DAYS = 14;

/** Programs and boxes that open TLS and sign it anew, by the names of their CAs. */
const INTERCEPTORS =
  /zscaler|netskope|fortinet|fortigate|sophos|palo ?alto|blue ?coat|umbrella|forcepoint|mcafee|kaspersky|avast|\bavg\b|eset\b|bitdefender|check ?point|barracuda|watchguard|untangle|mitmproxy|charles proxy|fiddler|squid/i;

/** What the certificate says of the server, in the eyes of a client that is told the same. */
export function judgeTls(seen: SeenTls, expected: TlsExpected): Finding {
  const { pins, verify } = expected.tls;
  const details = describe(seen, expected);
  const figures = figuresOf(seen);
  const add = (level: Finding["level"], what: string, mend = ""): Finding =>
    finding("tls", level, what, { details, mend, figures });
  const spoken = `${seen.protocol}, ${seen.cipher}`;
  if (pins.length > 0) {
    if (pins.includes(seen.pin)) return add("good", `${spoken}; the key is the one pinned`);
    const mend = `The server's key is ${seen.pin}. If the operator has changed it, ask for the new pin or invite; if not, somebody sits on the path.`;
    return add("fault", `the server has another key than the one pinned: ${joinWords(pins)}`, mend);
  }
  if (seen.fault !== undefined && verify) return add("fault", ...refusalOf(seen, seen.fault, expected));
  if (!verify) {
    const mend = `Give --pin ${seen.pin} instead, once you have compared it with what the server logs.`;
    const why = seen.fault === undefined ? "" : `, and the client would refuse it (${seen.fault})`;
    return add("warning", `${spoken}; nobody checks the certificate (--no-verify)${why}`, mend);
  }
  const days = daysLeft(seen, expected);
  if (days < SOON_DAYS) {
    const mend =
      "Renew it now: the day it ends, no client connects any more. Is the timer of certbot or acme.sh running?";
    return add("warning", `${spoken}; the certificate ends in ${plural(days, "day")}`, mend);
  }
  const signer = seen.chain.at(-1)?.subject ?? "nobody";
  if (isPublicName(expected.name) && expected.tls.ca === undefined && !endsAtPublicRoot(seen.chain)) {
    return add("warning", `${spoken}; a private CA signs a public name: ${signer}`, interceptionMend(signer));
  }
  return add("good", `${spoken}; signed by ${seen.chain[0]?.issuer ?? signer}, ${plural(days, "day")} left`);
}

/** Why a client refuses it, and what to do. */
function refusalOf(seen: SeenTls, code: string, expected: TlsExpected): readonly [what: string, mend: string] {
  const [leaf] = seen.chain;
  const { name } = expected;
  const issuer = leaf?.issuer ?? "nobody";
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return [
        `the certificate is self-made (${leaf?.subject ?? "no name"})`,
        `If it is your server's own: its log shows its pin at the start; if that is ${seen.pin}, give --pin with it. An invite brings the pin along.`,
      ];
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return unknownIssuer(seen, expected, issuer);
    case "CERT_HAS_EXPIRED":
      return [
        `the certificate has expired: ${dateOf(leaf?.toMs)}`,
        `Renew it, and let the server load it. If it is ${dateOf(expected.wallMs)} today, your clock is right.`,
      ];
    case "CERT_NOT_YET_VALID":
      return [
        `the certificate is not valid before ${dateOf(leaf?.fromMs)}`,
        `This machine believes that it is ${dateOf(expected.wallMs)}: set its clock.`,
      ];
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return [
        `the certificate is not for ${name}: it is for ${joinWords(seen.names) || (leaf?.subject ?? "no name")}`,
        "Dial the server by a name that is in it, or name that with --sni; or is this another web server than you think?",
      ];
    default:
      return [
        `the certificate is not trusted: ${code}`,
        "Give the CA's file with --ca, or the server's pin with --pin.",
      ];
  }
}

function unknownIssuer(seen: SeenTls, { name, tls }: TlsExpected, issuer: string): readonly [string, string] {
  const what = `nobody here knows who signed the certificate: ${issuer}`;
  const last = seen.chain.at(-1)?.issuer ?? issuer;
  if (tls.ca !== undefined) return [what, "The CA is none of those in --ca: is it the right file?"];
  if (INTERCEPTORS.test(`${issuer} ${last}`)) return [what, interceptionMend(last)];
  const isAlone = seen.chain.length === 1;
  const chain = isAlone
    ? "The server sends its own certificate only: let it send the intermediate ones too (fullchain.pem). "
    : "";
  const box = isPublicName(name) ? ` If it should be of a public CA: ${interceptionMend(last)}` : "";
  return [what, `${chain}If the CA is your own, give its file with --ca.${box}`];
}

function interceptionMend(signer: string): string {
  return `A box or program between here and the server may open TLS and sign it anew (${signer}): it reads all, and often breaks WebSockets. Ask who runs this network to leave the server's name alone, or pin the server's key with --pin.`;
}

/** Whether a CA that everybody trusts could sign it. */
function isPublicName(name: string): boolean {
  return (
    isIP(name) === 0 &&
    name.includes(".") &&
    !/\.(?:local|localhost|lan|home|internal|intranet|corp|test|arpa)$/i.test(name)
  );
}

function daysLeft({ chain }: SeenTls, { wallMs }: TlsExpected): number {
  return Math.floor((Math.min(...chain.map(({ toMs }) => toMs)) - wallMs) / DAY_MS);
}

function describe(seen: SeenTls, { wallMs }: TlsExpected): readonly string[] {
  const chain = seen.chain.map(({ subject, issuer, toMs }) => {
    const days = Math.floor((toMs - wallMs) / DAY_MS);
    const end = days < 0 ? `ended ${dateOf(toMs)}` : `until ${dateOf(toMs)}`;
    return subject === issuer ? `${subject}: signed by itself, ${end}` : `${subject}: signed by ${issuer}, ${end}`;
  });
  const names = seen.names.length === 0 ? [] : [`for ${joinWords(seen.names.slice(0, 10))}`];
  return [...names, ...chain, ...(seen.pin === "" ? [] : [`pin ${seen.pin}`])];
}

function figuresOf({ protocol, cipher, chain, names, pin, fault }: SeenTls): Finding["figures"] {
  const certificates = chain.map(({ subject, issuer, fromMs, toMs }) => ({ subject, issuer, fromMs, toMs }));
  return { protocol, cipher, names, pin, fault: fault ?? null, chain: certificates };
}

function dateOf(ms: number | undefined): string {
  return ms === undefined || Number.isNaN(ms) ? "an unknown day" : new Date(ms).toISOString().slice(0, 10);
}
