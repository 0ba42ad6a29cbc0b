/** A word of a filter, and where it begins, from 0. */
export interface FilterWord {
  readonly text: string;
  readonly at: number;
}

/** What is wrong with a filter. Never leaves `compileFilter`. */
export class FilterFault extends Error {
  /** Of the first character that is wrong, from 0. */
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Blanks, or a word: a sign, or what names, numbers, addresses and prefixes are made of. */
const NEXT = /\s+|[()]|!|&&|\|\||[\w.:/-]+/y;

/** As tcpdump takes them for words. */
const SIGNS: Readonly<Record<string, string>> = { "!": "not", "&&": "and", "||": "or" };

/** Splits a filter into lower-case words. Throws a `FilterFault` at what belongs to none. */
export function splitFilter(filter: string): readonly FilterWord[] {
  const words: FilterWord[] = [];
  let at = 0;
  while (at < filter.length) {
    NEXT.lastIndex = at;
    const text = NEXT.exec(filter)?.[0];
    if (text === undefined) throw new FilterFault(at, `\`${filter.slice(at, at + 1)}\` does not belong into a filter`);
    if (text.trim() !== "") words.push({ text: SIGNS[text] ?? text.toLowerCase(), at });
    at += text.length;
  }
  return words;
}
