import type { Clock } from "../base/clock.ts";
import type { SessionConnection } from "./session-connection.ts";

/** How long a connection that was replaced may bring what was on its way. */
const RETIRE_MS = 1_000;

/** Connections that carry no frames of ours any more, until they are closed. */
export class RetiredConnections {
  readonly #clock: Clock;
  /** Each with what cancels its end. */
  readonly #connections = new Map<SessionConnection, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#connections.size === 0;
  }

  /** It is over soon by itself. */
  add(connection: SessionConnection): void {
    this.#connections.set(connection, () => {});
  }

  /** It was replaced: the server ends it when everything on its way has been sent; if not, we do. */
  addReplaced(connection: SessionConnection): void {
    const end = (): void => connection.destroy("replaced");
    this.#connections.set(connection, this.#clock.after(RETIRE_MS, end));
  }

  /** A connection is closed; true if it was one of these. */
  closed(connection: SessionConnection): boolean {
    this.#connections.get(connection)?.();
    return this.#connections.delete(connection);
  }

  destroyAll(reason: string): void {
    for (const connection of [...this.#connections.keys()]) connection.destroy(reason);
  }
}
