import type { LogFields, Logger } from "../base/logger.ts";
import type { ControlEvent } from "./model.ts";

/** Events that are kept for who comes later. */
const KEPT_EVENTS = 2_000;

export type EventListener = (event: ControlEvent) => void;

/** The last events, and everybody who wants the next ones. What is logged from `info` on is an event. */
export class EventFeed {
  /** A ring: the event with id n is at n modulo its length. */
  readonly #kept: ControlEvent[] = [];
  readonly #listeners = new Set<EventListener>();
  readonly #totals = { info: 0, warn: 0, error: 0 };
  #lastId = 0;

  /** How many there were of each level. */
  get totals(): Readonly<Record<ControlEvent["level"], number>> {
    return this.#totals;
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** Kept events with an id greater than `id`, oldest first. */
  after(id: number): readonly ControlEvent[] {
    const oldest = Math.max(id, 0, this.#lastId - KEPT_EVENTS);
    const events: ControlEvent[] = [];
    for (let next = oldest + 1; next <= this.#lastId; next++) {
      events.push(this.#kept[next % KEPT_EVENTS] as ControlEvent);
    }
    return events;
  }

  /** Calls the listener with each event from now on, until the returned function is called. It must not throw. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(level: ControlEvent["level"], event: string, message: string, fields: LogFields): void {
    this.#lastId++;
    this.#totals[level]++;
    const entry = { id: this.#lastId, atMs: Date.now(), level, event, message, fields };
    this.#kept[this.#lastId % KEPT_EVENTS] = entry;
    for (const listener of this.#listeners) listener(entry);
  }
}

/** A logger whose lines are events too. */
export function logAndPublish(log: Logger, feed: EventFeed): Logger {
  const both =
    (level: ControlEvent["level"]) =>
    (event: string, message: string, fields: LogFields = {}): void => {
      log[level](event, message, fields);
      feed.publish(level, event, message, fields);
    };
  return { debug: log.debug, info: both("info"), warn: both("warn"), error: both("error") };
}
