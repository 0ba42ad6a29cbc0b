/**
 * A virtual machine's processors are taken away from it now and then, for as long as its host likes. What is measured
 * meanwhile tells of the host.
 */
import { readMachineBusySeconds, readStolenSeconds } from "./usage.ts";

/** Share of the time in which something wanted to run; with more than this taken, a miss tells little. */
export const MOST_STOLEN = 0.1;

const ATTEMPTS = 2;

/** Does the work and tells what it gave, and which share of the time that was wanted meanwhile was taken: 0 to 1. */
export async function withStolenShare<T>(work: () => Promise<T>): Promise<readonly [result: T, share: number]> {
  const [stolenBefore, busyBefore] = [readStolenSeconds(), readMachineBusySeconds()];
  const result = await work();
  const stolen = readStolenSeconds() - stolenBefore;
  return [result, stolen / Math.max(stolen + readMachineBusySeconds() - busyBefore, Number.MIN_VALUE)];
}

/** Does the work again if too much was taken; gives what it gave when the least was. */
export async function whenLeastStolen<T>(work: () => Promise<T>): Promise<T> {
  let [best, leastShare] = await withStolenShare(work);
  for (let attempt = 2; attempt <= ATTEMPTS && leastShare > MOST_STOLEN; attempt++) {
    const [result, share] = await withStolenShare(work);
    if (share < leastShare) [best, leastShare] = [result, share];
  }
  return best;
}
