/**
 * The fault soak: cells side by side, each in rounds of seeded random faults, until there were enough. After each round
 * everybody's traffic flows again and the server's peers are its clients; at the end nothing has grown.
 */

import type { Lab } from "../namespace.ts";
import type { PathSettings } from "../path/direction-settings.ts";
import { RandomNumbers } from "../path/random-numbers.ts";
import { percentile } from "../ping.ts";
import { Cell, type Recovery } from "./cell.ts";
import { type CellFault, type ClientFault, drawCellFault, drawClientFault } from "./fault.ts";
import { type FootprintSummary, growthOf } from "./footprint.ts";

export interface FaultsOptions {
  /** Faults in all; a few more happen, because rounds are not broken off. */
  readonly count: number;
  readonly seed: number;
  readonly cells: number;
  readonly clientsPerCell: number;
  /** Told after each round. */
  readonly onRound?: (faults: number) => void;
}

export interface KindReport {
  readonly kind: string;
  readonly recoveries: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly worstMs: number;
}

export interface FaultsReport {
  readonly faults: number;
  readonly kinds: readonly KindReport[];
  readonly footprints: readonly FootprintSummary[];
  /** In words: what grew. */
  readonly leaks: readonly string[];
}

/** One round in so many is one fault for the whole cell. */
const ROUNDS_PER_CELL_FAULT = 12;

const PATHS: readonly PathSettings[] = [
  { bitsPerSecond: 100e6, delayMs: 1, queueMs: 50 },
  { bitsPerSecond: 20e6, delayMs: 20, queueMs: 100 },
  { bitsPerSecond: 10e6, delayMs: 40, jitterMs: 20, loss: 0.005, queueMs: 200 },
  { bitsPerSecond: 50e6, delayMs: 5, queueMs: 50 },
];

/** A fixed number, so that descriptors can be compared. */
const FLAGS: readonly (readonly string[])[] = [
  ["--connections", "1"],
  ["--connections", "1"],
  ["--connections", "3"],
];

/** Throws when somebody stays without traffic, a process ends, or the server's peers are not its clients. */
export async function runFaults(lab: Lab, options: FaultsOptions): Promise<FaultsReport> {
  const recoveries: Recovery[] = [];
  let faults = 0;
  const cells: Cell[] = [];
  for (let index = 0; index < options.cells; index++) cells.push(await openCell(lab, options, index));
  const soak = async (cell: Cell, index: number): Promise<void> => {
    const random = new RandomNumbers(options.seed + 7_919 * index);
    // Every other server lives through all of it, so that what grows slowly is seen.
    const draw = (): Round => drawRound(random, cell.clients.length, index % 2 === 1);
    await cell.check([]);
    while (faults < options.count) {
      const round = draw();
      recoveries.push(...(await sufferRound(cell, round)));
      faults += "each" in round ? round.each.length : 1;
      options.onRound?.(faults);
    }
  };
  await Promise.all(cells.map(soak));
  const footprints = cells.flatMap((cell) => cell.footprints).map(({ summary }) => summary);
  return { faults, kinds: reportKinds(recoveries), footprints, leaks: footprints.flatMap(growthOf) };
}

/** One fault for each client of a cell, or one for all of them. */
type Round = { readonly each: readonly ClientFault[] } | { readonly together: CellFault };

function drawRound(random: RandomNumbers, clients: number, mayEndServer: boolean): Round {
  const isForCell = Math.floor(random.next() * ROUNDS_PER_CELL_FAULT) === 0;
  if (isForCell) return { together: drawCellFault(random, mayEndServer) };
  return { each: Array.from({ length: clients }, () => drawClientFault(random)) };
}

async function sufferRound(cell: Cell, round: Round): Promise<readonly Recovery[]> {
  try {
    const suffered = await ("each" in round ? cell.sufferEach(round.each) : cell.sufferTogether(round.together));
    await cell.check(suffered);
    return suffered;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${cell.name}, after ${JSON.stringify(round)}: ${reason}`, { cause });
  }
}

async function openCell(lab: Lab, options: FaultsOptions, index: number): Promise<Cell> {
  const { seed, clientsPerCell: clients } = options;
  return await Cell.open(lab, { name: `cell${index}`, clients, seed: seed + 100 * index, paths: PATHS, flags: FLAGS });
}

function reportKinds(recoveries: readonly Recovery[]): readonly KindReport[] {
  return [...new Set(recoveries.map(({ kind }) => kind))].sort().map((kind) => {
    const times = recoveries.filter((one) => one.kind === kind).map(({ recoveredMs }) => Math.round(recoveredMs));
    const [medianMs, p95Ms, worstMs] = [0.5, 0.95, 1].map((share) => percentile(times, share)) as [
      number,
      number,
      number,
    ];
    return { kind, recoveries: times.length, medianMs, p95Ms, worstMs };
  });
}
