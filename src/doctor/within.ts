import type { Clock } from "../base/clock.ts";

/** What comes within the time; else rejects with these words. What comes later is left alone. */
export async function within<Value>(
  clock: Clock,
  timeoutMs: number,
  late: string,
  promise: Promise<Value>,
): Promise<Value> {
  let cancel = (): void => {};
  const timer = new Promise<never>((_, reject) => {
    cancel = clock.after(timeoutMs, () => reject(new Error(late)));
  });
  try {
    return await Promise.race([promise, timer]);
  } finally {
    cancel();
  }
}
