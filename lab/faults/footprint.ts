/** Memory and descriptors of a process through its life, and whether they grow. */
import { readdirSync } from "node:fs";
import { readProcessUsage } from "../usage.ts";

const MEBIBYTE = 1024 * 1024;

/** What may be more at the end than after the warm-up: V8 takes and gives back in such steps. */
const MAX_GROWTH_BYTES = 16 * MEBIBYTE;

/** Connections that are being made, or have ended and are not closed yet. */
const MAX_MORE_DESCRIPTORS = 8;

/** Samples of a life that is long enough to judge. */
const MIN_SAMPLES = 40;

export interface FootprintSummary {
  readonly name: string;
  readonly samples: number;
  /** The least of the second quarter and of the last. */
  readonly residentBytes: readonly [early: number, late: number];
  readonly descriptors: readonly [early: number, late: number];
}

export class Footprint {
  readonly #name: string;
  readonly #pid: number;
  readonly #residentBytes: number[] = [];
  readonly #descriptors: number[] = [];

  constructor(name: string, pid: number) {
    this.#name = name;
    this.#pid = pid;
  }

  sample(): void {
    this.#residentBytes.push(readProcessUsage(this.#pid).residentBytes);
    this.#descriptors.push(readdirSync(`/proc/${this.#pid}/fd`).length);
  }

  get summary(): FootprintSummary {
    return {
      name: this.#name,
      samples: this.#descriptors.length,
      residentBytes: earlyAndLate(this.#residentBytes),
      descriptors: earlyAndLate(this.#descriptors),
    };
  }
}

/** In words what grew; nothing, if the life was too short to tell. */
export function growthOf({ name, samples, residentBytes, descriptors }: FootprintSummary): readonly string[] {
  if (samples < MIN_SAMPLES) return [];
  const words: string[] = [];
  const grownBytes = residentBytes[1] - residentBytes[0];
  const opened = descriptors[1] - descriptors[0];
  if (grownBytes > MAX_GROWTH_BYTES) words.push(`${name} grew by ${(grownBytes / MEBIBYTE).toFixed(1)} MiB`);
  if (opened > MAX_MORE_DESCRIPTORS) words.push(`${name} has ${opened} descriptors more`);
  return words;
}

function earlyAndLate(samples: readonly number[]): readonly [number, number] {
  const quarter = Math.floor(samples.length / 4);
  return [Math.min(...samples.slice(quarter, 2 * quarter)), Math.min(...samples.slice(-Math.max(1, quarter)))];
}
