import type { Clock } from "../base/clock.ts";
import type { SessionConnection } from "./session-connection.ts";

/** Between two looks, and how many of them: half a second in all. */
const LOOK_EVERY_MS = 125;
const LOOKS = 4;

/**
 * Measures the round trip of a connection that has just begun, by a few probes: its first answers are late because
 * programs that have just started are slow, and the least of several is the path.
 */
export class RoundTripMeasure {
  readonly #clock: Clock;
  #cancel = (): void => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `onMeasured` gets the least; undefined if nothing was answered. A measure that is under way ends without a word. */
  begin(connection: Pick<SessionConnection, "probe" | "roundTripMs">, onMeasured: (leastMs?: number) => void): void {
    this.#cancel();
    let leastMs = Number.POSITIVE_INFINITY;
    let looks = 0;
    connection.probe();
    this.#cancel = this.#clock.every(LOOK_EVERY_MS, () => {
      leastMs = Math.min(leastMs, connection.roundTripMs ?? leastMs);
      if (++looks < LOOKS) connection.probe();
      else {
        this.#cancel();
        onMeasured(leastMs === Number.POSITIVE_INFINITY ? undefined : leastMs);
      }
    });
  }

  cancel(): void {
    this.#cancel();
  }
}
