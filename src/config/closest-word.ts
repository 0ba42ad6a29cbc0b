/** Longer words are no slips of the finger; bounds the work, which grows with both lengths. */
const MAX_LENGTH = 64;

/** The word that was probably meant: one letter off, or two if there are six or more. Undefined if none is near. */
export function closestWord(text: string, words: readonly string[]): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const most = text.length < 6 ? 1 : 2;
  const near = words
    .filter((word) => Math.abs(word.length - text.length) <= most)
    .map((word) => ({ word, distance: editDistance(text.toLowerCase(), word.toLowerCase()) }))
    .filter(({ distance }) => distance <= most);
  return near.sort((one, other) => one.distance - other.distance)[0]?.word;
}

/** Letters to insert, remove, replace or swap with their neighbour (Damerau and Levenshtein, each place once). */
function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (last[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const least = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row.push(isSwap ? Math.min(least, (beforeLast[j - 2] as number) + 1) : least);
    }
    beforeLast = last;
    last = row;
  }
  return last[other.length] as number;
}
