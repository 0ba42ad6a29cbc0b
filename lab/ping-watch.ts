/** Pings that go on in the background, to see when frames cross and when they do not. */
import type { Child } from "./child.ts";
import type { Namespace } from "./namespace.ts";
import { waitFor } from "./wait.ts";

/** Of the output of a ping that goes on for long, which grows by megabytes, only the last few lines are looked at. */
const TAIL_CHARACTERS = 400;

export interface PingReply {
  readonly sequence: number;
  /** Unix time in milliseconds when it came. */
  readonly atMs: number;
  readonly rttMs: number;
}

export class PingWatch {
  readonly #child: Child;

  /** Asks `address` again and again until `stop`; after a request without a reply ping is up to 10 ms late with the next. */
  constructor(from: Namespace, address: string, intervalSeconds: number) {
    this.#child = from.start(["ping", "-n", "-D", "-i", String(intervalSeconds), address]);
  }

  /** All so far, in the order they came. */
  replies(): readonly PingReply[] {
    return parseReplies(this.#child.stdout);
  }

  /** The first reply to a request that was sent after this moment (Unix time). */
  async firstAfter(sinceMs: number, timeoutMs: number): Promise<PingReply> {
    const find = (): PingReply | undefined => this.replies().find(({ atMs, rttMs }) => atMs - rttMs > sinceMs);
    return this.#child.waitUntil("a ping's reply", find, { timeoutMs, pollMs: 50 });
  }

  /** The first reply that came after this moment (Unix time), whenever the request was sent. */
  async firstArrivalAfter(sinceMs: number, timeoutMs: number): Promise<PingReply> {
    const find = (): PingReply | undefined => this.replies().find(({ atMs }) => atMs > sinceMs);
    return this.#child.waitUntil("a ping's reply", find, { timeoutMs, pollMs: 50 });
  }

  /**
   * Waits for the answer to a request that was sent after `sinceMs` (Unix time), and returns how long after it that was;
   * cheap for a ping that goes on for hours. Fails after `timeoutMs`.
   */
  async untilAnswered(sinceMs: number, timeoutMs: number, evidence: () => string): Promise<number> {
    const find = (): readonly number[] | undefined => {
      const sentMs = parseReplies(this.#child.stdout.slice(-TAIL_CHARACTERS)).map(({ atMs, rttMs }) => atMs - rttMs);
      const found = sentMs.filter((atMs) => atMs >= sinceMs);
      return found.length > 0 ? found : undefined;
    };
    const sentMs = await waitFor("traffic to flow again", find, { timeoutMs, pollMs: 10, evidence });
    return Math.min(...sentMs) - sinceMs;
  }

  /** The longest time without a reply from `sinceMs` to `untilMs` (Unix time). */
  longestSilenceMs(sinceMs: number, untilMs: number): number {
    const times = this.replies()
      .map(({ atMs }) => atMs)
      .filter((atMs) => atMs > sinceMs && atMs < untilMs);
    const edges = [sinceMs, ...times, untilMs];
    return Math.max(...edges.slice(1).map((edge, index) => edge - (edges[index] ?? edge)));
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}

/** Reads what `ping -n -D` writes; lines that are no replies are skipped. */
export function parseReplies(output: string): readonly PingReply[] {
  const lines = output.matchAll(/^\[(\d+\.\d+)\] .* icmp_seq=(\d+) .*time[=<]([\d.]+) ms/gm);
  return [...lines].map(([, seconds, sequence, time]) => ({
    sequence: Number(sequence),
    atMs: 1_000 * Number(seconds),
    rttMs: Number(time),
  }));
}
