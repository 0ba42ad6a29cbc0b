/** Time as an argument: a monotonic reading, and timers that a test can turn by hand. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; never jumps back. */
  nowMs(): number;
  /** Calls once after `delayMs`; the returned function cancels it. The timer does not keep the process alive. */
  after(delayMs: number, call: () => void): () => void;
  /** Calls every `periodMs` until cancelled. The timer does not keep the process alive. */
  every(periodMs: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs).unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, call) {
    const timer = setInterval(call, periodMs).unref();
    return () => clearInterval(timer);
  },
};
