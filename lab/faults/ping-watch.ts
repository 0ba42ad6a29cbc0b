/** A ping that goes on for as long as its namespace stands: traffic for faults to interrupt, and the proof that it flows again. */
import type { Child } from "../child.ts";
import type { Namespace } from "../namespace.ts";
import { waitFor } from "../wait.ts";

const INTERVAL_SECONDS = "0.05";

/** Room for a few lines of ping's output. */
const TAIL_CHARACTERS = 400;

export class PingWatch {
  readonly #child: Child;

  constructor(from: Namespace, address: string) {
    this.#child = from.start(["ping", "-n", "-D", "-i", INTERVAL_SECONDS, address]);
  }

  /**
   * Waits for the answer to a request that was sent after `sinceMs` of the wall clock, and returns how long after it the
   * request was sent. Fails after `timeoutMs`.
   */
  async untilAnswered(sinceMs: number, timeoutMs: number, evidence: () => string): Promise<number> {
    const sent = (): number | undefined => {
      const sentMs = lastAnsweredMs(this.#child.stdout.slice(-TAIL_CHARACTERS));
      return sentMs !== undefined && sentMs >= sinceMs ? sentMs : undefined;
    };
    const sentMs = await waitFor("traffic to flow again", sent, { timeoutMs, pollMs: 10, evidence });
    return sentMs - sinceMs;
  }
}

/** When the request of the last answer in ping's output was sent, in milliseconds of the wall clock. */
export function lastAnsweredMs(output: string): number | undefined {
  const answers = [...output.matchAll(/^\[([\d.]+)\] .* time=([\d.]+) ms$/gm)];
  const [, receivedSeconds, tookMs] = answers.at(-1) ?? [];
  return receivedSeconds === undefined ? undefined : Number(receivedSeconds) * 1_000 - Number(tookMs);
}
