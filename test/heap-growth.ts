import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/**
 * Bytes the heap grows by while `run` runs, garbage included: the least of several tries, because compiling and other
 * business of the engine can only add to it. `run` has to allocate less than a young generation (16 MB) to be seen.
 */
export function leastHeapGrowthBytes(run: () => void, tries = 8): number {
  run();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    run();
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return least;
}
