const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses `500ms`, `30s`, `5m`, `12h` or `30d` to milliseconds; undefined if it is none. Whole numbers only. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  return unitMs === undefined ? undefined : Number(digits) * unitMs;
}
