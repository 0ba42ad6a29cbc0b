/** The resident memory of a process while something happens to it. */
import { readProcessUsage } from "../usage.ts";

const PERIOD_MS = 100;

export class MemoryWatch {
  readonly beforeBytes: number;
  #peakBytes: number;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.beforeBytes = readProcessUsage(pid).residentBytes;
    this.#peakBytes = this.beforeBytes;
    this.#timer = setInterval(() => this.#look(), PERIOD_MS);
  }

  /** Megabytes more than at the start, now. */
  get growth(): number {
    this.#look();
    return (readProcessUsage(this.#pid).residentBytes - this.beforeBytes) / 1e6;
  }

  /** The most there was more than at the start, in megabytes. */
  get peakGrowth(): number {
    this.#look();
    return (this.#peakBytes - this.beforeBytes) / 1e6;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, readProcessUsage(this.#pid).residentBytes);
  }
}
