/**
 * Which user a client certificate names. A CA signs what it is asked for, so every name in it is a stranger's text:
 * Node's two texts are taken apart by their quoting, and what names two users names none.
 */
import type { X509Certificate } from "node:crypto";
import { commonNames } from "./distinguished-name.ts";
import { isForeignUser } from "./foreign-name.ts";

/** The part of a certificate that is its user. The last three are of the subject's alternative names (RFC 5280, 4.2.1.6). */
export type CertificateUser = "common-name" | "subject" | "email" | "dns" | "uri";

/** How Node marks the alternative names. */
const ALTERNATIVE_NAME_MARKS = { email: "email", dns: "DNS", uri: "URI" } as const;

/** Alternative names of these kinds are IA5 text. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** The user; undefined if the certificate names none, several, or one that cannot be shown. */
export function userOfCertificate(certificate: X509Certificate, part: CertificateUser): string | undefined {
  const [user = "", ...others] = candidates(certificate, part) ?? [];
  return others.length === 0 && isForeignUser(user) ? user : undefined;
}

/** The subject in RFC 2253 form, such as `CN=alice,O=Example`: the same text that nginx passes on. */
export function subjectOf(certificate: X509Certificate): string {
  // Node has a line for each attribute, first to last, in which line breaks and all that separates are escaped.
  return certificate.subject.split("\n").reverse().join(",");
}

function candidates(certificate: X509Certificate, part: CertificateUser): readonly string[] | undefined {
  // An empty subject is undefined in Node, whatever its types say.
  const subject = (certificate.subject as string | undefined) === undefined ? "" : subjectOf(certificate);
  if (part === "subject") return [subject];
  if (part === "common-name") return commonNames(subject);
  const names = alternativeNames(certificate.subjectAltName ?? "", ALTERNATIVE_NAME_MARKS[part]);
  return names?.every((name) => VISIBLE_ASCII.test(name)) ? names : undefined;
}

/**
 * The values marked `mark` in Node's text, such as `DNS:a.example, email:"a\u002cb@c"`: a value that holds anything
 * which could be mistaken is a JSON string (CVE-2021-44532). Undefined if the text is not of that form.
 */
export function alternativeNames(text: string, mark: string): readonly string[] | undefined {
  const names: string[] = [];
  for (const item of splitOutsideQuotes(text)) {
    if (!item.startsWith(`${mark}:`)) continue;
    const name = unquote(item.slice(mark.length + 1));
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

function splitOutsideQuotes(text: string): string[] {
  const items: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    if (isQuoted && text[at] === "\\") at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text.startsWith(", ", at)) {
      items.push(text.slice(start, at));
      start = at + 2;
    }
  }
  items.push(text.slice(start));
  return items;
}

function unquote(value: string): string | undefined {
  if (!value.includes('"')) return value;
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
