/** A promise that only ever rejects, and the function that makes it: for what may fail later, outside of any call. */
export interface Failure {
  readonly promise: Promise<never>;
  readonly fail: (error: Error) => void;
}

export function makeFailure(): Failure {
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Who waits for it sees the rejection; nobody waiting yet is no reason to end the process.
  promise.catch(() => {});
  return { promise, fail };
}
