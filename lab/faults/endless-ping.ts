/** A ping for as long as its namespace stands: traffic for faults to interrupt, and the proof that it flows again. */
import type { Child } from "../child.ts";
import type { Namespace } from "../namespace.ts";
import { parseReplies } from "../ping-watch.ts";
import { waitFor } from "../wait.ts";

const INTERVAL_SECONDS = "0.05";

/** Of ping's output, which grows by megabytes, only the last few lines are looked at. */
const TAIL_CHARACTERS = 400;

export class EndlessPing {
  readonly #child: Child;

  constructor(from: Namespace, address: string) {
    this.#child = from.start(["ping", "-n", "-D", "-i", INTERVAL_SECONDS, address]);
  }

  /**
   * Waits for the answer to a request that was sent after `sinceMs` (Unix time), and returns how long after it that was.
   * Fails after `timeoutMs`.
   */
  async untilAnswered(sinceMs: number, timeoutMs: number, evidence: () => string): Promise<number> {
    const sentAfter = (): readonly number[] =>
      parseReplies(this.#child.stdout.slice(-TAIL_CHARACTERS))
        .map(({ atMs, rttMs }) => atMs - rttMs - sinceMs)
        .filter((afterMs) => afterMs >= 0);
    const first = async (): Promise<readonly number[] | undefined> => {
      const found = sentAfter();
      return found.length > 0 ? found : undefined;
    };
    return Math.min(...(await waitFor("traffic to flow again", first, { timeoutMs, pollMs: 10, evidence })));
  }
}
