import type { ChartLine } from "../data/chart-line.ts";

/** A chart's line for who does not see it: `Sent: now 1.2 Mbit/s, highest 4 Mbit/s.` */
export function describeLine({ label, values }: ChartLine, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return `${label}: nothing known yet.`;
  const highest = known.reduce((most, value) => Math.max(most, value), 0);
  return `${label}: now ${format(last)}, highest ${format(highest)}.`;
}
