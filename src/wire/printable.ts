/** Control and format characters, line breaks and lone surrogates: a stranger's words may end on a terminal or in a log. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A stranger's words made harmless for people to read: one line, printable, at most `maxLength` characters. */
export function printable(text: string, maxLength = 1024): string {
  return text.slice(0, maxLength).replace(UNPRINTABLE, " ");
}
