/**
 * The order of a run. A machine's speed drifts by tens of percent within minutes, so every path is measured between two
 * measurements of the floor, and a ratio is taken to the median of those neighbours only; then all is repeated.
 *
 *   round 1:  floor  ws  floor  wss  floor  …  floor      round 2:  the same again      result: medians over rounds
 *
 * The guard is held against a server without it instead, measure by measure and in turns: off, on, off, on, …, off.
 * What is a figure by itself is measured once, after all rounds.
 */
import { Lab } from "../lab/namespace.ts";
import type { ProfileName } from "../lab/path/profiles.ts";
import { untilLeftAlone, whenLeastStolen } from "../lab/stolen.ts";
import { type Effort, MEASURES, type MeasureName, type Sample } from "./measures.ts";
import { FLOOR_MEASURES, PATHS, type PathName, type Row, referenceOf } from "./rows.ts";
import { median } from "./statistics.ts";
import type { Tools, Tunnel } from "./tunnels/tunnel.ts";

/** One measurement of a path, and what its reference, mostly the floor, gave right before and after it. */
export interface Observation {
  readonly path: PathName;
  readonly measure: MeasureName;
  readonly sample: Sample;
  readonly reference: readonly Sample[];
}

export interface Run {
  readonly observations: readonly Observation[];
  readonly floor: readonly { readonly measure: MeasureName; readonly sample: Sample }[];
  /** What could not be measured, and why. */
  readonly failures: readonly { readonly path: PathName; readonly measure?: MeasureName; readonly reason: string }[];
}

interface ScheduleDeps {
  readonly tools: Tools;
  /** What stands between the hosts: an emulated path; undefined: a veth pair. */
  readonly cable: ProfileName | undefined;
  readonly say: (text: string) => void;
}

/** A path, and all that is wanted of it. */
type Plan = readonly [path: PathName, measures: readonly MeasureName[]];

type FloorSamples = ReadonlyMap<MeasureName, Sample>;

/** How often two servers that stand beside each other take turns at a measure: their ratio is near 1, and noise is not. */
const TURNS = 3;

/** How long a whole run waits, at most, for a host that takes the processors away. */
const PATIENCE_SECONDS = 900;

/** Runs all rounds for the given rows; what fails is noted and left out. */
export class Schedule {
  readonly #deps: ScheduleDeps;
  readonly #effort: Effort;
  readonly #observations: Observation[] = [];
  readonly #floor: { measure: MeasureName; sample: Sample }[] = [];
  readonly #failures: { path: PathName; measure?: MeasureName; reason: string }[] = [];
  #patienceSeconds = PATIENCE_SECONDS;

  constructor(deps: ScheduleDeps, effort: Effort) {
    this.#deps = deps;
    this.#effort = effort;
  }

  async run(rows: readonly Row[]): Promise<Run> {
    const plan = measuresByPath(rows);
    for (let round = 1; round <= this.#effort.rounds; round++) {
      this.#deps.say(`round ${round} of ${this.#effort.rounds}`);
      await this.#runRound(plan);
    }
    for (const [path, measures] of plan) {
      if (referenceOf(path) !== "nothing") continue;
      for (const [measure, sample] of await this.#measurePath(path, measures)) this.#observe(path, measure, sample, []);
    }
    return {
      observations: this.#observations,
      floor: this.#floor,
      failures: this.#failures,
    };
  }

  #openLab(): Promise<Lab> {
    const { cable } = this.#deps;
    return Lab.open(cable === undefined ? {} : { cable });
  }

  async #runRound(plan: ReadonlyMap<PathName, readonly MeasureName[]>): Promise<void> {
    const paths = [...plan];
    await this.#compareToFloor(paths.filter(([path]) => referenceOf(path) === "floor"));
    for (const [path, measures] of paths) {
      const reference = referenceOf(path);
      if (reference !== "floor" && reference !== "nothing") await this.#compareTo(reference, path, measures);
    }
  }

  async #compareToFloor(paths: readonly Plan[]): Promise<void> {
    const [first] = paths;
    if (first === undefined) return;
    const lab = await this.#openLab();
    try {
      const floor = await PATHS.floor.build(lab, this.#deps.tools);
      let before: FloorSamples = await this.#measureFloor(floor, floorMeasuresOf(first[1]));
      for (const [index, [path, measures]] of paths.entries()) {
        const samples = await this.#measurePath(path, measures);
        const next = paths[index + 1]?.[1] ?? [];
        const after = await this.#measureFloor(floor, floorMeasuresOf([...measures, ...next]));
        for (const [measure, sample] of samples) {
          const floorMeasure = FLOOR_MEASURES[measure];
          this.#observe(path, measure, sample, [before.get(floorMeasure), after.get(floorMeasure)]);
        }
        before = after;
      }
    } finally {
      await lab.close();
    }
  }

  /** Both stand at the same time, so that no more than one measurement lies between the two that a ratio is made of. */
  async #compareTo(reference: PathName, path: PathName, measures: readonly MeasureName[]): Promise<void> {
    const lab = await this.#openLab();
    try {
      const other = await PATHS[reference].build(lab, this.#deps.tools);
      const tunnel = await PATHS[path].build(lab, this.#deps.tools);
      for (const measure of measures) {
        let before = await this.#measureOne(reference, other, measure);
        for (let turn = 1; turn <= TURNS; turn++) {
          const sample = await this.#measureOne(path, tunnel, measure);
          const after = await this.#measureOne(reference, other, measure);
          if (sample !== undefined) this.#observe(path, measure, sample, [before, after]);
          before = after;
        }
      }
    } catch (error) {
      this.#fail({ path, reason: reasonOf(error) });
    } finally {
      await lab.close();
    }
  }

  #observe(path: PathName, measure: MeasureName, sample: Sample, neighbours: readonly (Sample | undefined)[]): void {
    const reference = neighbours.filter((neighbour) => neighbour !== undefined);
    this.#observations.push({ path, measure, sample, reference });
  }

  async #measureFloor(floor: Tunnel, measures: readonly MeasureName[]): Promise<FloorSamples> {
    const samples = new Map<MeasureName, Sample>();
    for (const measure of measures) {
      const sample = await this.#measureOn(floor, measure);
      samples.set(measure, sample);
      this.#floor.push({ measure, sample });
      this.#deps.say(`  floor ${measure}: ${formatValue(sample.value)}`);
    }
    return samples;
  }

  async #measurePath(path: PathName, measures: readonly MeasureName[]): Promise<Map<MeasureName, Sample>> {
    const samples = new Map<MeasureName, Sample>();
    const lab = await this.#openLab();
    try {
      const tunnel = await PATHS[path].build(lab, this.#deps.tools);
      for (const measure of measures) {
        const sample = await this.#measureOne(path, tunnel, measure);
        if (sample !== undefined) samples.set(measure, sample);
      }
    } catch (error) {
      this.#fail({ path, reason: reasonOf(error) });
    } finally {
      await lab.close();
    }
    return samples;
  }

  /** Undefined if it could not be measured. */
  async #measureOne(path: PathName, tunnel: Tunnel, measure: MeasureName): Promise<Sample | undefined> {
    try {
      const sample = await this.#measureOn(tunnel, measure);
      this.#deps.say(`  ${path} ${measure}: ${formatValue(sample.value)}`);
      return sample;
    } catch (error) {
      this.#fail({ path, measure, reason: reasonOf(error) });
      return undefined;
    }
  }

  #measureOn(tunnel: Tunnel, measure: MeasureName): Promise<Sample> {
    const work = (): Promise<Sample> => MEASURES[measure](tunnel, this.#effort, this.#deps.tools);
    // What goes on beside is begun and ended over and over, and looks out for itself.
    if (tunnel.beside !== undefined) return work();
    return whenLeastStolen(work, async () => {
      this.#patienceSeconds = await untilLeftAlone(this.#patienceSeconds);
    });
  }

  #fail(failure: { path: PathName; measure?: MeasureName; reason: string }): void {
    this.#failures.push(failure);
    this.#deps.say(`  ${failure.path} ${failure.measure ?? ""} FAILED: ${failure.reason}`);
  }
}

/** Each path once, with all that any row wants of it, in the order of the rows. */
export function measuresByPath(rows: readonly Row[]): ReadonlyMap<PathName, readonly MeasureName[]> {
  const plan = new Map<PathName, MeasureName[]>();
  for (const { path, measure } of rows) {
    const measures = plan.get(path) ?? [];
    if (!measures.includes(measure)) measures.push(measure);
    plan.set(path, measures);
  }
  return plan;
}

/** The figure relative to the median of the reference's before and after it. */
export function ratioToReference(observation: Observation, figure: (sample: Sample) => number): number {
  return figure(observation.sample) / median(observation.reference.map(figure));
}

function floorMeasuresOf(measures: readonly MeasureName[]): readonly MeasureName[] {
  return [...new Set(measures.map((measure) => FLOOR_MEASURES[measure]))];
}

function formatValue(value: number): string {
  return value < 10 ? value.toFixed(3) : Math.round(value).toLocaleString("en");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
