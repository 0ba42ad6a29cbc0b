/** Whether each word of a search is in one of the texts, in any case; an empty search finds everything. */
export function matches(search: string, texts: readonly (string | null)[]): boolean {
  const words = search.toLowerCase().split(/\s+/);
  const lower = texts.map((text) => text?.toLowerCase() ?? "");
  return words.every((word) => lower.some((text) => text.includes(word)));
}
