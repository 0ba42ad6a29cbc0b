/**
 * Waiting for a condition, never for time: a test or a bench says what must become true and by when, and gets
 * either the value that made it true or an error which says what was waited for and what was seen last.
 */
import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** Give up after this long; default 10 s. */
  readonly timeoutMs?: number;
  /** Look again after this long; default 20 ms. */
  readonly pollMs?: number;
  /** What to add to the error, e.g. the log of the process that should have become ready. */
  readonly evidence?: () => string;
}

/** Calls `condition` until it gives something truthy, and returns that. A throwing condition counts as "not yet". */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 10_000, pollMs = 20, evidence } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadlineMs) break;
    await delay(pollMs);
  }
  const why = lastError instanceof Error ? ` (last error: ${lastError.message})` : "";
  const seen = evidence === undefined ? "" : `\n${evidence()}`;
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}${why}${seen}`, { cause: lastError });
}
