const UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Parses `10MB` (decimal) or `64KiB` (binary) to bytes, undefined if it is none. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?) ?([A-Za-z]{1,3})$/.exec(text) ?? [];
  const unitBytes = UNITS_BYTES[unit];
  return unitBytes === undefined ? undefined : Math.round(Number(number) * unitBytes);
}
