/**
 * A virtual machine's processors are taken away from it now and then, for as long as its host likes. What is measured
 * meanwhile tells of the host.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { readMachineBusySeconds, readStolenSeconds } from "./usage.ts";

/** Share of the time in which something wanted to run; with more than this taken, a miss tells little. */
export const MOST_STOLEN = 0.1;

const ATTEMPTS = 3;

/** How long all processors are wanted to learn whether they are there, and how long after a no the next look is. */
const LOOK_SECONDS = 0.3;
const PAUSE_MS = 5_000;

/** Does the work and tells what it gave, and which share of the time that was wanted meanwhile was taken: 0 to 1. */
export async function withStolenShare<T>(work: () => Promise<T>): Promise<readonly [result: T, share: number]> {
  const [stolenBefore, busyBefore] = [readStolenSeconds(), readMachineBusySeconds()];
  const result = await work();
  const stolen = readStolenSeconds() - stolenBefore;
  return [result, stolen / Math.max(stolen + readMachineBusySeconds() - busyBefore, Number.MIN_VALUE)];
}

/** Does the work again if too much was taken; gives what it gave when the least was. `before` each time, uncounted. */
export async function whenLeastStolen<T>(
  work: () => Promise<T>,
  before: () => Promise<void> = async () => {},
): Promise<T> {
  await before();
  let [best, leastShare] = await withStolenShare(work);
  for (let attempt = 2; attempt <= ATTEMPTS && leastShare > MOST_STOLEN; attempt++) {
    await before();
    const [result, share] = await withStolenShare(work);
    if (share < leastShare) [best, leastShare] = [result, share];
  }
  return best;
}

/** Waits until the processors are there when they are wanted, or for `budget` seconds; returns what is left of those. */
export async function untilLeftAlone(
  budget: number,
  look: () => Promise<number> = lookAtShare,
  pauseMs = PAUSE_MS,
): Promise<number> {
  const startMs = performance.now();
  const leftSeconds = (): number => Math.max(0, budget - (performance.now() - startMs) / 1_000);
  while ((await look()) > MOST_STOLEN && leftSeconds() > 0) await delay(pauseMs);
  return leftSeconds();
}

/** The share that is taken of all processors now. */
async function lookAtShare(): Promise<number> {
  const [, share] = await withStolenShare(async () => {
    const spinners = Array.from({ length: availableParallelism() }, () =>
      spawn("timeout", [String(LOOK_SECONDS), "sh", "-c", "while :; do :; done"], { stdio: "ignore" }),
    );
    await Promise.all(spinners.map((spinner) => once(spinner, "close")));
  });
  return share;
}
