/** To the microsecond: what lies behind that is how numbers are kept, and makes long text. */
export function tidyMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
