/**
 * Traffic that has nothing to do with an attack: pings at short intervals that go on for as long as an arena is there.
 * Each request has a number, so that a reply which is missing is seen, also one among thousands.
 */
import type { Child } from "../../../lab/child.ts";
import type { Namespace } from "../../../lab/namespace.ts";
import { waitFor } from "../../../lab/wait.ts";

const INTERVAL_SECONDS = "0.02";
/** Replies that must come after an attack: what it harmed may show a moment later. */
const REPLIES_AFTER = 5;

export class Bystanders {
  readonly #pings: readonly Ping[];

  private constructor(pings: readonly Ping[]) {
    this.#pings = pings;
  }

  /** Starts to ping along each of the ways, and waits until all of them answer. */
  static async start(ways: readonly (readonly [from: Namespace, address: string])[]): Promise<Bystanders> {
    const bystanders = new Bystanders(ways.map(([from, address]) => new Ping(from, address)));
    await bystanders.untilAllGoOn();
    return bystanders;
  }

  /** Does something during which no bystander loses a reply. */
  async during<T>(attack: () => Promise<T>): Promise<T> {
    const before = this.#pings.map((ping) => ping.lastReply);
    const result = await attack();
    await this.untilAllGoOn();
    await Promise.all(this.#pings.map((ping, index) => ping.untilWhole(before[index] as number)));
    return result;
  }

  async untilAllGoOn(): Promise<void> {
    await Promise.all(this.#pings.map((ping) => ping.untilMore()));
  }
}

class Ping {
  readonly #child: Child;

  constructor(from: Namespace, address: string) {
    this.#child = from.start(["ping", "-n", "-i", INTERVAL_SECONDS, address]);
  }

  /** Number of the newest request that was answered. */
  get lastReply(): number {
    return Math.max(0, ...this.#replies());
  }

  async untilMore(): Promise<void> {
    const from = this.lastReply;
    await this.#child.waitUntil("replies", () => this.lastReply >= from + REPLIES_AFTER);
  }

  /** Waits until no reply is missing between that number and the newest one; late ones are none that are lost. */
  async untilWhole(from: number): Promise<void> {
    const to = this.lastReply;
    const missing = (): number[] => {
      const replies = new Set(this.#replies());
      return Array.from({ length: to - from }, (_, index) => from + 1 + index).filter((number) => !replies.has(number));
    };
    const evidence = (): string => `${this.#child.command}: of requests ${from} to ${to} unanswered: ${missing()}`;
    await waitFor("every request to be answered", () => missing().length === 0, { timeoutMs: 3_000, evidence });
  }

  #replies(): number[] {
    return [...this.#child.stdout.matchAll(/icmp_seq=(\d+) [^\n]*time=/g)].map((match) => Number(match[1]));
  }
}
