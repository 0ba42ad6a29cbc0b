/** A few numbers that stand for many. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  /** 95 of a hundred are no larger. */
  readonly p95: number;
  readonly max: number;
  /** Mean difference of neighbours in time (RFC 3550, 6.4.1, without the smoothing). */
  readonly jitter: number;
}

/** Undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? (sorted[0] as number);
  const steps = values.slice(1).map((value, index) => Math.abs(value - (values[index] as number)));
  const jitter = steps.length === 0 ? 0 : steps.reduce((sum, step) => sum + step, 0) / steps.length;
  return { min: at(0), median: at(0.5), p95: at(0.95), max: at(1), jitter };
}

export function roundedSpread({ min, median, p95, max, jitter }: Spread) {
  const rounded = (ms: number): number => Math.round(ms * 100) / 100;
  return {
    minMs: rounded(min),
    medianMs: rounded(median),
    p95Ms: rounded(p95),
    maxMs: rounded(max),
    jitterMs: rounded(jitter),
  };
}
