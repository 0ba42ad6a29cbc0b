/** Who waits to go on, in order. One list for the process, as it has one event loop. */
const waiting: (() => void)[] = [];

/**
 * Resolves in a later turn of the event loop, which is nobody else's who waits here: however many long answers are made at
 * a time, between two batches of frames there is one slice of one of them.
 */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(letOneGoOn);
  });
}

function letOneGoOn(): void {
  waiting.shift()?.();
  // Who is let go on runs when this has returned, and may wait again: then somebody is ahead, or begins anew.
  if (waiting.length > 0) setImmediate(letOneGoOn);
}
