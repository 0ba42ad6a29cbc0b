/** What a situation is, and how what was measured in it is held against its bound. */
import type { Lab } from "../namespace.ts";

export interface Measured {
  readonly what: string;
  /** In words; empty for a figure without a bound. */
  readonly bound: string;
  readonly got: string;
  readonly verdict: "pass" | "fail" | "noted";
}

export interface SituationContext {
  /** For this situation alone, closed behind it. */
  readonly lab: Lab;
  /** Shorter: a first look. */
  readonly quick: boolean;
  /** Of random faults: how many, and from which seed; undefined for the situation's own. */
  readonly count: number | undefined;
  readonly seed: number | undefined;
}

/** One row of the table in the issue, with all its figures. */
export interface Situation {
  /** For --only. */
  readonly name: string;
  readonly title: string;
  /** Everything that is measured, each held against its bound; what cannot be measured at all throws. */
  measure(context: SituationContext): Promise<readonly Measured[]>;
}

export function atMost(what: string, value: number, limit: number, unit: string): Measured {
  return judge(what, value, value <= limit, `≤ ${formatNumber(limit)} ${unit}`, unit);
}

export function atLeast(what: string, value: number, limit: number, unit: string): Measured {
  return judge(what, value, value >= limit, `≥ ${formatNumber(limit)} ${unit}`, unit);
}

/** Something that is so or not. */
export function mustBe(what: string, isSo: boolean, got: string): Measured {
  return { what, bound: "yes", got, verdict: isSo ? "pass" : "fail" };
}

/** Without a bound. */
export function noted(what: string, value: number, unit: string): Measured {
  return { what, bound: "", got: `${formatNumber(value)} ${unit}`, verdict: "noted" };
}

function judge(what: string, value: number, passed: boolean, bound: string, unit: string): Measured {
  return { what, bound, got: `${formatNumber(value)} ${unit}`, verdict: passed ? "pass" : "fail" };
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "–";
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1);
}
