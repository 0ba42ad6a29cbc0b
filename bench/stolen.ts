/**
 * A virtual machine's processors are taken away from it now and then, for as long as its host likes. What is measured
 * meanwhile tells of the host.
 */
import { availableParallelism } from "node:os";
import { readStolenSeconds } from "../lab/usage.ts";

/** Share of the processors' time; with more than this taken, a measurement counts only if no better one is to be had. */
export const MOST_STOLEN = 0.1;

const ATTEMPTS = 2;

/** Does the work and tells what it gave, and which share of the processors' time was taken meanwhile: 0 to 1. */
export async function withStolenShare<T>(work: () => Promise<T>): Promise<readonly [result: T, share: number]> {
  const [stolenBefore, startMs] = [readStolenSeconds(), performance.now()];
  const result = await work();
  const seconds = (performance.now() - startMs) / 1_000;
  return [result, (readStolenSeconds() - stolenBefore) / (seconds * availableParallelism())];
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
