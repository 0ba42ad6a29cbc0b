const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** RFC 3339; the zone is not optional, because a server's own one surprises. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Parses when something ends, to Unix milliseconds: `2027-01-31T18:00:00Z`, or `2027-01-31` for the end of that day in
 * UTC. Undefined if it is neither, or no day of the calendar.
 */
export function parseExpiry(text: string): number | undefined {
  if (DATE.test(text)) {
    const startMs = dayStartMs(text);
    return startMs === undefined ? undefined : startMs + DAY_MS;
  }
  const [, date = "", time, zone = ""] = DATE_TIME.exec(text) ?? [];
  if (dayStartMs(date) === undefined) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** `Date.parse` takes 2027-02-30 for the second of March in some engines: a day must come back as it was written. */
function dayStartMs(date: string): number | undefined {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date) ? ms : undefined;
}
