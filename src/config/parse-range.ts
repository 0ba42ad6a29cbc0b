/** Two whole numbers, both included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** Parses `22` or `8000-8099`, within `least` and `most` and not backwards; undefined if it is none. */
export function parseRange(text: string, least: number, most: number): NumberRange | undefined {
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined) return undefined;
  const from = Number(first);
  const to = Number(last ?? first);
  return least <= from && from <= to && to <= most ? { from, to } : undefined;
}
