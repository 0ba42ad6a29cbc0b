/** Quantities in few characters, for the columns of a table. */

const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes with three digits: 512 B, 1.50 kB, 73.2 MB. */
export function formatSize(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // What would be rounded to 1000 is one of the next.
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return `${Math.round(value)} B`;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${SIZES[unit]}`;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How long something has been: 0 s, 59 s, 4 min, 2 h 5 min, 3 d 4 h. */
export function formatAge(ms: number): string {
  const whole = (unitMs: number): number => Math.floor(Math.max(0, ms) / unitMs);
  if (ms < MINUTE_MS) return `${whole(SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${whole(MINUTE_MS)} min`;
  if (ms < DAY_MS) return twoUnits(whole(HOUR_MS), "h", whole(MINUTE_MS) % 60, "min");
  return twoUnits(whole(DAY_MS), "d", whole(HOUR_MS) % 24, "h");
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A moment in the time of this machine: 14:03:09 today, 2026-11-23 14:03:09 on another day. */
export function formatMoment(atMs: number, nowMs: number): string {
  const [day, time] = localParts(atMs);
  return day === localParts(nowMs)[0] ? time : `${day} ${time}`;
}

function localParts(atMs: number): readonly [day: string, time: string] {
  const at = new Date(atMs);
  const digits = (value: number): string => String(value).padStart(2, "0");
  const day = [at.getFullYear(), digits(at.getMonth() + 1), digits(at.getDate())].join("-");
  return [day, [at.getHours(), at.getMinutes(), at.getSeconds()].map(digits).join(":")];
}
