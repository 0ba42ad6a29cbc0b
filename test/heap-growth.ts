import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** All of it, now. */
export const collectGarbage = runInNewContext("gc") as () => void;

/** Less than this is the measuring's own. */
const NOTHING_BYTES = 2_000;
const MOST_TRIES = 60;
/** In which a thread that compiles can get a processor, on a machine with much to do. */
const REST_MS = 10;

/**
 * Bytes the heap grows by while `run` runs, garbage included: the least of several tries, because compiling and other
 * business of the engine can only add to it. Code that is not compiled yet allocates numbers; that is another thread's
 * work, and takes as long as it takes. `run` has to allocate less than a young generation (16 MB) to be seen.
 */
export function leastHeapGrowthBytes(run: () => void): number {
  run();
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < MOST_TRIES && least > NOTHING_BYTES; tries++) {
    if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REST_MS);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    run();
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return least;
}
