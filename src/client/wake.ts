import type { Clock } from "../base/clock.ts";
import { ClockJump } from "../base/clock-jump.ts";

/** How often the clocks are compared. */
const PERIOD_MS = 1_000;

/** `network`: addresses or routes are others than before. `clock`: the machine slept, or the process was frozen. */
export type WakeReason = "network" | "clock";

/** Tells when it is worth not to wait for a timer: what was true of the way to the server may be so no more. */
export interface Wake {
  start(onWake: (reason: WakeReason) => void): void;
  /** Idempotent. */
  close(): void;
}

export interface WakeDeps {
  readonly clock: Clock;
  /** Milliseconds of the wall clock: `Date.now`. */
  readonly wallMs: () => number;
  /** Calls when the network changed, until closed; see `watchNetwork`. */
  readonly watchNetwork: (onChange: () => void) => { close(): void };
}

export class SystemWake implements Wake {
  readonly #deps: WakeDeps;
  #watch: { close(): void } | undefined;
  #stop: (() => void) | undefined;

  constructor(deps: WakeDeps) {
    this.#deps = deps;
  }

  start(onWake: (reason: WakeReason) => void): void {
    const { clock, wallMs, watchNetwork } = this.#deps;
    const jump = new ClockJump(PERIOD_MS, clock.nowMs(), wallMs());
    this.#stop = clock.every(PERIOD_MS, () => {
      if (jump.look(clock.nowMs(), wallMs())) onWake("clock");
    });
    this.#watch = watchNetwork(() => onWake("network"));
  }

  close(): void {
    this.#stop?.();
    this.#watch?.close();
  }
}
