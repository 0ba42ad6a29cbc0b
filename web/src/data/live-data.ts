import type { Clock } from "../../../src/base/clock.ts";
import type { ControlEvent, HistorySample } from "../../../src/control/model.ts";
import type { Hello, LiveListener } from "./live-feed.ts";
import type { ServerApi } from "./server-api.ts";
import { Store } from "./store.ts";

/** Ten minutes, as long as the server itself keeps. */
const KEPT_SAMPLES = 600;
/** As many as the server itself keeps. */
const KEPT_EVENTS = 2_000;
/** After a reconnection events come by the thousand: they are shown together. */
const SHOW_EVENTS_EACH_MS = 100;

/** What the live feed told: the last minutes, and the last events. */
export class LiveData implements LiveListener {
  /** Of the server that is heard; undefined before the first. */
  readonly instance = new Store<string | undefined>(undefined);
  /** Oldest first. */
  readonly history = new Store<readonly HistorySample[]>([]);
  /** Oldest first. */
  readonly events = new Store<readonly ControlEvent[]>([]);
  readonly #api: ServerApi;
  readonly #clock: Clock;
  #newEvents: ControlEvent[] = [];

  constructor(api: ServerApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** The server's wall clock, as of its last sample: the reader's may be another. */
  get nowMs(): number {
    return this.history.value.at(-1)?.atMs ?? Date.now();
  }

  onOther(hello: Hello): void {
    this.#newEvents = [];
    this.history.set([]);
    this.events.set([]);
    this.instance.set(hello.instance);
  }

  onLive(): void {
    const instance = this.instance.value;
    const fill = (samples: readonly HistorySample[]): void => {
      const since = this.history.value.filter(({ atMs }) => atMs > (samples.at(-1)?.atMs ?? 0));
      if (instance === this.instance.value) this.history.set([...samples, ...since].slice(-KEPT_SAMPLES));
    };
    // Without the past the chart begins now.
    this.#api.history().then(fill, () => {});
  }

  onSample(sample: HistorySample): void {
    this.history.set([...this.history.value.slice(1 - KEPT_SAMPLES), sample]);
  }

  onEvent(event: ControlEvent): void {
    if (this.#newEvents.length === 0) this.#clock.after(SHOW_EVENTS_EACH_MS, () => this.#showEvents());
    this.#newEvents.push(event);
  }

  #showEvents(): void {
    this.events.set([...this.events.value, ...this.#newEvents].slice(-KEPT_EVENTS));
    this.#newEvents = [];
  }
}
