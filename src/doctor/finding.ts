/** The steps of the way, in their order. */
export type StepName =
  | "name"
  | "connect"
  | "proxy"
  | "tls"
  | "upgrade"
  | "dialect"
  | "welcome"
  | "sizes"
  | "pieces"
  | "round-trip"
  | "load"
  | "idle";

/** A `fault` keeps a VPN from working, a `warning` makes it worse than it could be; `skipped` could not be looked at. */
export type Level = "good" | "warning" | "fault" | "skipped";

/** What a step has seen: a value, for whoever shows it to people or to programs. */
export interface Finding {
  readonly step: StepName;
  readonly level: Level;
  /** One line: what was looked at, and what came out. */
  readonly what: string;
  /** Lines beside it: each address, each reason. */
  readonly details: readonly string[];
  /** What to do about it; empty if there is nothing to do. */
  readonly mend: string;
  /** For programs, units in the names. */
  readonly figures: Figures;
}

type Figure = number | string | boolean | null | readonly Figure[] | { readonly [name: string]: Figure };
type Figures = Readonly<Record<string, Figure>>;

interface More {
  readonly details?: readonly string[];
  readonly mend?: string;
  readonly figures?: Figures;
}

export function finding(step: StepName, level: Level, what: string, more: More = {}): Finding {
  return { step, level, what, details: more.details ?? [], mend: more.mend ?? "", figures: more.figures ?? {} };
}
