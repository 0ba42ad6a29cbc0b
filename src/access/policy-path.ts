/** Characters that mean the same with and without percent-encoding (RFC 3986 section 2.3). */
const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * The path of a request in the one form that two spellings of it share (RFC 3986 section 6.2.2): without query and
 * fragment, unreserved characters decoded, all others encoded with upper-case digits. An encoded slash stays one, so that a
 * web server in front and we never disagree about where a path ends. Total: any text has a form.
 */
export function canonicalPath(path: string): string {
  const end = path.search(/[?#]/);
  return (end < 0 ? path : path.slice(0, end))
    .toWellFormed()
    .replace(/[^\x21-\x7e]+/g, encodeURIComponent)
    .replace(/%[0-9a-f]{2}/gi, canonicalEscape);
}

function canonicalEscape(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return UNRESERVED.test(character) ? character : triplet.toUpperCase();
}
