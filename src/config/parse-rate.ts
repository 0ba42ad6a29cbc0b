const UNITS_BITS: Readonly<Record<string, number>> = {
  Gbit: 1_000_000_000,
  Mbit: 1_000_000,
  kbit: 1_000,
  bit: 1,
};

/** Parses `20Mbit`, `500kbit`, `1.5Gbit/s` (decimal, bits per second) to bytes per second; undefined if it is none. */
export function parseRate(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?) ?([kMG]?bit)(?:\/s)?$/.exec(text) ?? [];
  const unitBits = UNITS_BITS[unit];
  return unitBits === undefined ? undefined : Math.round((Number(number) * unitBits) / 8);
}

/** The text of a rate, which parses to the same: `20Mbit`. */
export function formatRate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  const [unit, unitBits] = Object.entries(UNITS_BITS).find(([, one]) => bits % one === 0) as [string, number];
  return `${bits / unitBits}${unit}`;
}
