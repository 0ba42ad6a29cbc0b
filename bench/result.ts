/** From observations to what is reported: one result per row, with its medians and whether its targets were reached. */
import type { ProcessCost } from "./cost.ts";
import type { MeasureName, Sample } from "./measures.ts";
import type { Row, Target, Unit } from "./rows.ts";
import { type Observation, type Run, ratioToReference } from "./schedule.ts";
import { median } from "./statistics.ts";

export interface RowResult {
  readonly row: Row;
  /** Median over the rounds, in the row's unit; NaN when nothing was measured. */
  readonly value: number;
  /** Median over the rounds of the ratio to the neighbouring floor; NaN without one, and for a row that is a ratio itself. */
  readonly ofFloor: number;
  /** `open` for a row without targets. */
  readonly verdict: "pass" | "FAIL" | "open" | "not measured";
}

/** Processor time and memory of one of our programs while a flow ran, medians over the rounds. */
export interface ProcessResult {
  readonly title: string;
  readonly role: string;
  readonly cpuSecondsPerGigabit: number;
  /** Frames that crossed the client's TAP for each read or write that this program made. */
  readonly framesPerCall: number;
  readonly memoryMegabytes: { readonly before: number; readonly during: number; readonly after: number };
}

const FIGURES: Readonly<Record<Unit, (sample: Sample) => number>> = {
  "Mbit/s": ({ value }) => value,
  "datagrams/s": ({ value }) => value,
  ms: ({ value }) => value,
  "CPU s/Gbit": ({ cpuSecondsPerGigabit }) => cpuSecondsPerGigabit ?? Number.NaN,
  "of guard off": ({ value }) => value,
  "of unobserved": ({ value }) => value,
};

export function resultOf(row: Row, run: Run): RowResult {
  const observations = observationsOf(row, run);
  if (observations.length === 0) return { row, value: Number.NaN, ofFloor: Number.NaN, verdict: "not measured" };
  const figure = FIGURES[row.unit];
  const ratio = median(observations.map((observation) => ratioToReference(observation, figure)));
  const isRatio = row.unit === "of guard off";
  const value = isRatio ? ratio : median(observations.map(({ sample }) => figure(sample)));
  const ofFloor = isRatio ? Number.NaN : ratio;
  const reached = row.targets.every((target) => isReached(target, target.of === "floor" ? ofFloor : value));
  const verdict = row.targets.length === 0 ? "open" : reached ? "pass" : "FAIL";
  return { row, value, ofFloor, verdict };
}

/** The floor's own median of a measure, over all of the run; undefined when it was not measured. */
export function floorValueOf(measure: MeasureName, unit: Unit, run: Run): number | undefined {
  const samples = run.floor.filter((entry) => entry.measure === measure).map(({ sample }) => FIGURES[unit](sample));
  return samples.length === 0 ? undefined : median(samples);
}

/** Cost of each program that carried the flow of a row. */
export function processResultsOf(row: Row, run: Run): readonly ProcessResult[] {
  const observations = observationsOf(row, run);
  const roles = observations[0]?.sample.cost?.processes.map(({ role }) => role) ?? [];
  return roles.map((role) => {
    const costs = observations.flatMap(({ sample }) => costsOf(sample, role));
    const megabytes = (moment: "before" | "during" | "after"): number =>
      median(costs.map(({ cost }) => cost.memoryBytes[moment] / 1e6));
    return {
      title: row.title,
      role,
      cpuSecondsPerGigabit: median(costs.map(({ cost, gigabits }) => cost.cpuSeconds / gigabits)),
      framesPerCall: median(costs.map(({ cost, frames }) => frames / cost.ioCalls)),
      memoryMegabytes: { before: megabytes("before"), during: megabytes("during"), after: megabytes("after") },
    };
  });
}

function observationsOf(row: Row, run: Run): readonly Observation[] {
  return run.observations.filter(({ path, measure }) => path === row.path && measure === row.measure);
}

interface FlowCost {
  readonly cost: ProcessCost;
  readonly gigabits: number;
  readonly frames: number;
}

function costsOf(sample: Sample, role: string): readonly FlowCost[] {
  const { cost, gigabits, frames = Number.NaN } = sample;
  const found = cost?.processes.find((process) => process.role === role);
  return found === undefined || gigabits === undefined ? [] : [{ cost: found, gigabits, frames }];
}

function isReached({ atLeast, below }: Target, figure: number): boolean {
  return (atLeast === undefined || figure >= atLeast) && (below === undefined || figure < below);
}
