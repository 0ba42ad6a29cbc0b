import { randomUUID } from "node:crypto";
import type { ClientStatus } from "../control/client-model.ts";

/** What is counted of a connection. */
interface Counted {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** What a client remembers of its life, for whoever looks at it. Times are Unix milliseconds. */
export class ClientRecord {
  readonly instance = randomUUID();
  readonly startedMs = Date.now();
  #state: ClientStatus["state"] = "connecting";
  #sinceMs = this.startedMs;
  #sessions = 0;
  #disconnects = 0;
  #nextAttemptMs: number | undefined;
  #lastError: ClientStatus["lastError"] = null;
  readonly #open = new Set<Counted>();
  #goneReceivedBytes = 0;
  #goneSentBytes = 0;

  get state(): ClientStatus["state"] {
    return this.#state;
  }

  /** When the state became what it is. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  get sessions(): number {
    return this.#sessions;
  }

  /** How often the last connection was lost. */
  get disconnects(): number {
    return this.#disconnects;
  }

  /** Undefined while an attempt is under way, or none is needed. */
  get nextAttemptMs(): number | undefined {
    return this.#nextAttemptMs;
  }

  get lastError(): ClientStatus["lastError"] {
    return this.#lastError;
  }

  get receivedBytes(): number {
    return [...this.#open].reduce((sum, one) => sum + one.receivedBytes, this.#goneReceivedBytes);
  }

  get sentBytes(): number {
    return [...this.#open].reduce((sum, one) => sum + one.sentBytes, this.#goneSentBytes);
  }

  /** A connection is there; its bytes count from now on. */
  opened(connection: Counted): void {
    this.#open.add(connection);
  }

  /** It is over; its bytes count for ever. */
  closed(connection: Counted): void {
    if (!this.#open.delete(connection)) return;
    this.#goneReceivedBytes += connection.receivedBytes;
    this.#goneSentBytes += connection.sentBytes;
  }

  dialing(): void {
    this.#nextAttemptMs = undefined;
  }

  /** Another session begins. */
  began(): void {
    this.#sessions++;
    this.stands();
  }

  /** Some connection carries frames. */
  stands(): void {
    this.#nextAttemptMs = undefined;
    this.#become("connected");
  }

  /** The last connection is lost. */
  disconnected(why: string, waitMs: number | undefined): void {
    this.#disconnects++;
    this.#become("connecting");
    this.failed(why, waitMs);
  }

  /** Something went wrong; `waitMs`: until the next attempt, if one follows. */
  failed(why: string, waitMs: number | undefined): void {
    const atMs = Date.now();
    this.#lastError = { atMs, text: why };
    if (this.#state === "connecting")
      this.#nextAttemptMs = waitMs === undefined ? undefined : Math.round(atMs + waitMs);
  }

  #become(state: ClientStatus["state"]): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#sinceMs = Date.now();
  }
}
