import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ChildOptions } from "../lab/child.ts";

const PROBE = fileURLToPath(new URL("loop-probe.ts", import.meta.url));
/** Until all that was seen has been told. */
const TOLD_WITHIN_MS = 300;

const told = z.object({ longestTurnMs: z.number() });

/** How long a server's event loop was busy with one thing, in processor time, as `loop-probe.ts` tells. */
export class TurnWatch {
  #longestMs = 0;

  /** For the start of the server's process. */
  get childOptions(): ChildOptions {
    return {
      environment: { NODE_OPTIONS: `--import ${import.meta.resolve("tsx")} --import ${PROBE}` },
      onMessage: (message) => {
        this.#longestMs = Math.max(this.#longestMs, told.parse(message).longestTurnMs);
      },
    };
  }

  /** The longest turn while the work was done, in milliseconds. */
  async longestDuring(work: () => Promise<unknown>): Promise<number> {
    await delay(TOLD_WITHIN_MS);
    this.#longestMs = 0;
    await work();
    await delay(TOLD_WITHIN_MS);
    return this.#longestMs;
  }
}
