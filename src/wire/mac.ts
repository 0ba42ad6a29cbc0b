/**
 * MAC addresses. In the frame path an address is read as two integers (`macHi`: the first two bytes, `macLo`: the
 * last four as a signed 32-bit integer), because both are small integers to the engine and no object is made.
 * Outside of it, an address is the branded text `aa:bb:cc:dd:ee:ff`.
 */
export type Mac = string & { readonly __brand: "Mac" };

const PATTERN = /^[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}$/i;

/** Parses `aa:bb:cc:dd:ee:ff` or `aa-bb-…` in either case; undefined if it is not one. */
export function parseMac(text: string): Mac | undefined {
  return PATTERN.test(text) ? (text.toLowerCase().replaceAll("-", ":") as Mac) : undefined;
}

/** First two bytes of the MAC at `offset`, as an unsigned 16-bit integer. The caller has checked the length. */
export function macHi(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** Last four bytes of the MAC at `offset`, as a signed 32-bit integer. The caller has checked the length. */
export function macLo(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset + 2] as number) << 24) |
    ((bytes[offset + 3] as number) << 16) |
    ((bytes[offset + 4] as number) << 8) |
    (bytes[offset + 5] as number)
  );
}

/** Two digits for each byte: a table of thousands of addresses is written in a few milliseconds. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The text of a MAC given as its two integers. */
export function formatMac(hi: number, lo: number): Mac {
  const first = `${DIGITS[hi >>> 8]}:${DIGITS[hi & 0xff]}:${DIGITS[lo >>> 24]}:${DIGITS[(lo >>> 16) & 0xff]}`;
  return `${first}:${DIGITS[(lo >>> 8) & 0xff]}:${DIGITS[lo & 0xff]}` as Mac;
}

/** The two integers of a MAC in text. */
export function macParts(mac: Mac): { readonly hi: number; readonly lo: number } {
  const digits = mac.replaceAll(":", "");
  return { hi: Number.parseInt(digits.slice(0, 4), 16), lo: Number.parseInt(digits.slice(4), 16) | 0 };
}
