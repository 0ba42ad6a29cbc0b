/** What a row is ordered by; null is "not known" and comes last either way. */
export type SortValue = string | number | boolean | null;

export interface Order {
  /** Of a column. */
  readonly key: string;
  readonly isDescending: boolean;
}

/** In the address bar: the key, with a `-` in front if the greatest comes first. */
export function parseOrder(text: string | undefined, otherwise: Order): Order {
  if (text === undefined || text === "") return otherwise;
  const isDescending = text.startsWith("-");
  return { key: isDescending ? text.slice(1) : text, isDescending };
}

export function formatOrder({ key, isDescending }: Order): string {
  return isDescending ? `-${key}` : key;
}

const compareText = new Intl.Collator("en", { numeric: true }).compare;

/** A sorted copy; rows that are equal stay as they were, and those with null come last either way. */
export function sortRows<Row>(
  rows: readonly Row[],
  sortBy: (row: Row) => SortValue,
  isDescending: boolean,
): readonly Row[] {
  const sign = isDescending ? -1 : 1;
  // Values are made once, not once per comparison.
  return rows
    .map((row) => ({ row, value: sortBy(row) }))
    .sort((a, b) => compare(a.value, b.value, sign))
    .map(({ row }) => row);
}

function compare(a: SortValue, b: SortValue, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "string" && typeof b === "string") return sign * compareText(a, b);
  return sign * (Number(a) - Number(b));
}
