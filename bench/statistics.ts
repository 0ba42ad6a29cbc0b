/** The few statistics that figures of a noisy machine need: medians, ratios to neighbours in time, a trend. */

/** Middle value; the mean of the two middle ones of an even count; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Slope of the least-squares line through values one unit apart; 0 for fewer than two. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let covariance = 0;
  let variance = 0;
  for (const [index, value] of values.entries()) {
    covariance += (index - middle) * (value - mean);
    variance += (index - middle) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

export interface Trend {
  /** Medians of the first and of the last quarter. */
  readonly first: number;
  readonly last: number;
  /** By which the value grows from one sample to the next. */
  readonly slope: number;
  /** The last quarter is not above the first by more than the tolerance. */
  readonly flat: boolean;
}

/** Tells growth from wobble: a leak lifts the last quarter's median, a garbage-collected heap only its extremes. */
export function trendOf(values: readonly number[], tolerance: number): Trend {
  const quarter = Math.max(1, Math.floor(values.length / 4));
  const first = median(values.slice(0, quarter));
  const last = median(values.slice(-quarter));
  return { first, last, slope: slope(values), flat: last - first <= tolerance };
}
