const WORD_BYTES = 4;
const BYTE_VALUES = 256;

/** Random words that a hash of keys of `keyBytes` bytes, a multiple of four, needs. */
export function tabulationWords(keyBytes: number): number {
  return keyBytes * BYTE_VALUES;
}

/**
 * Hashing by tabulation: each byte of a key picks a random word from a table of its own place, and the words are combined
 * by exclusive or. A stranger who picks the keys cannot pick collisions (Pătraşcu and Thorup, "The Power of Simple
 * Tabulation Hashing", 2011). `word` is the key's `place`th group of four bytes; the hash of a key is the exclusive or of
 * those of its groups.
 */
export function tabulate(words: Int32Array, word: number, place: number): number {
  const at = place * WORD_BYTES * BYTE_VALUES;
  return (
    (words[at + (word & 0xff)] as number) ^
    (words[at + BYTE_VALUES + ((word >>> 8) & 0xff)] as number) ^
    (words[at + 2 * BYTE_VALUES + ((word >>> 16) & 0xff)] as number) ^
    (words[at + 3 * BYTE_VALUES + (word >>> 24)] as number)
  );
}
