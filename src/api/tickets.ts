import type { Clock } from "../base/clock.ts";
import { hashOf, newSecret } from "./operator-sessions.ts";

/** A browser is opened with it at once. */
const TICKET_LIFE_MS = 60_000;
/** Unused ones at a time; one more, and the oldest is void. */
const MAX_TICKETS = 16;

interface Ticket {
  readonly uid: number;
  readonly endsMs: number;
}

/** Tickets, each good for one login within a minute: how who may use the unix socket gets into a browser. */
export class Tickets {
  readonly #clock: Clock;
  readonly #byHash = new Map<string, Ticket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A ticket for the local user. */
  issue(uid: number): string {
    const [oldest] = this.#byHash.keys();
    if (this.#byHash.size >= MAX_TICKETS && oldest !== undefined) this.#byHash.delete(oldest);
    const secret = newSecret();
    this.#byHash.set(hashOf(secret), { uid, endsMs: this.#clock.nowMs() + TICKET_LIFE_MS });
    return secret;
  }

  /** Whose ticket it was; undefined if it is none, was used, or is too old. */
  redeem(secret: string): number | undefined {
    const hash = hashOf(secret);
    const ticket = this.#byHash.get(hash);
    this.#byHash.delete(hash);
    return ticket !== undefined && this.#clock.nowMs() < ticket.endsMs ? ticket.uid : undefined;
  }
}
