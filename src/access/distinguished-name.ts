/**
 * Common names in the text of an X.509 subject in RFC 2253 form, as web servers pass it on (nginx's $ssl_client_s_dn):
 * `CN=alice,O=Example`, with `\,` `\"` `\2C` for what would separate.
 *
 * OpenSSL's older one line (`/O=Example/CN=alice`) is none: it escapes nothing, so that a common name "alice/O=x", which a
 * CA may well sign for somebody else, reads as alice's.
 */
import { decodeUtf8, encodeUtf8 } from "../wire/utf8.ts";

/** Far above a real subject. */
export const MAX_DISTINGUISHED_NAME_LENGTH = 4096;

const ATTRIBUTE_TYPE = /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*$/;
/** The OID of commonName (RFC 4519, 2.3). */
const COMMON_NAME_TYPES: ReadonlySet<string> = new Set(["CN", "COMMONNAME", "2.5.4.3", "OID.2.5.4.3"]);
/** An escape, or one character that needs none. */
const VALUE_PART = /\\([0-9a-fA-F]{2})|\\([ #,+"\\<>;=])|([^\\"])/suy;

/** Values of all common names; undefined if the text is not of that form. */
export function commonNames(distinguishedName: string): readonly string[] | undefined {
  if (distinguishedName.length > MAX_DISTINGUISHED_NAME_LENGTH) return undefined;
  const names: string[] = [];
  for (const attribute of splitAttributes(distinguishedName)) {
    const equals = attribute.indexOf("=");
    if (equals < 0 || !ATTRIBUTE_TYPE.test(attribute.slice(0, equals))) return undefined;
    if (!COMMON_NAME_TYPES.has(attribute.slice(0, equals).trim().toUpperCase())) continue;
    const value = unescapeValue(attribute.slice(equals + 1));
    if (value === undefined) return undefined;
    names.push(value);
  }
  return names;
}

/** Cuts at each `,` `;` `+` that is not escaped. */
function splitAttributes(text: string): string[] {
  const attributes: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === "\\") at++;
    else if (",;+".includes(character)) {
      attributes.push(text.slice(start, at));
      start = at + 1;
    }
  }
  attributes.push(text.slice(start));
  return attributes;
}

/** The value without its escapes; undefined for one in quotes, in hex (#…) or with bytes that are no UTF-8. */
function unescapeValue(escaped: string): string | undefined {
  const text = withoutSpaces(escaped);
  if (text.startsWith("#")) return undefined;
  const bytes: number[] = [];
  for (VALUE_PART.lastIndex = 0; VALUE_PART.lastIndex < text.length; ) {
    const part = VALUE_PART.exec(text);
    if (part === null) return undefined;
    const [, hex, special, plain] = part;
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(...encodeUtf8((special ?? plain) as string));
  }
  return decodeUtf8(Uint8Array.from(bytes), 0, bytes.length);
}

/** Spaces around a value belong to the text, an escaped one behind it to the value; other blanks are the value's. */
function withoutSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === " ") start++;
  while (end > start && text[end - 1] === " ") end--;
  const escapes = /\\+$/.exec(text.slice(start, end))?.[0].length ?? 0;
  return text.slice(start, escapes % 2 === 1 ? end + 1 : end);
}
