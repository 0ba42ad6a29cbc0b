/**
 * What the server tells by itself: a sample every second and each event, over one connection that is opened again
 * whenever it is lost.
 *
 *          start             hello
 *   off ─────────► opening ─────────► live
 *    ▲               ▲  │ failed        │ failed, or silent for too long
 *    │ stop (any)    │  ▼               ▼
 *    └────────────  waiting (back-off) ◄┘      waiting ──► off when the session has ended
 */
import type { BackoffOptions } from "../../../src/base/backoff.ts";
import { Backoff } from "../../../src/base/backoff.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { ControlEvent, HistorySample } from "../../../src/control/model.ts";
import { Store } from "./store.ts";

export type FeedState = "off" | "opening" | "live" | "waiting";

/** The first thing that a server says. */
export interface Hello {
  /** Another one after a restart: ids and counters begin again. */
  readonly instance: string;
  readonly lastId: number;
}

/** What an open connection calls; nothing after it was closed. */
export interface LiveHandlers {
  hello(hello: Hello): void;
  sample(sample: HistorySample): void;
  event(event: ControlEvent): void;
  failed(): void;
}

/** Opens a connection that tells the events after this id, and returns how to close it. */
export type OpenLive = (after: number, handlers: LiveHandlers) => () => void;

export interface LiveFeedDeps {
  readonly clock: Clock;
  readonly open: OpenLive;
  /** False if somebody has to log in again; true also if the server does not answer. */
  readonly mayRetry: () => Promise<boolean>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly listener: LiveListener;
}

export interface LiveListener {
  /** This is the first server, or another than before: what is kept of the last one is of no use. */
  onOther(hello: Hello): void;
  /** Heard again. The events since the last one follow; samples may have been missed. */
  onLive(): void;
  onSample(sample: HistorySample): void;
  onEvent(event: ControlEvent): void;
}

/** A server sends a sample each second: who hears none for so long has a dead connection. */
const SILENCE_MS = 10_000;
/** A restart takes a second or two, so the first attempts come soon. */
const RETRY: BackoffOptions = { leastMs: 300, mostMs: 1_000, maxMs: 10_000 };
const RETRY_SOON_FOR_MS = 15_000;

export class LiveFeed {
  readonly state = new Store<FeedState>("off");
  readonly #deps: LiveFeedDeps;
  readonly #backoff: Backoff;
  #instance: string | undefined;
  #lastId = 0;
  /** Stops what the present state waits for. */
  #leave = (): void => {};

  constructor(deps: LiveFeedDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(RETRY, deps.random);
  }

  start(): void {
    if (this.state.value === "off") this.#open();
  }

  /** Idempotent. What was heard last is remembered for the next start. */
  stop(): void {
    this.#enter("off", () => {});
  }

  #enter(state: FeedState, leave: () => void): void {
    this.#leave();
    this.#leave = leave;
    this.state.set(state);
  }

  #open(): void {
    let silence = this.#deps.clock.after(SILENCE_MS, () => this.#wait());
    const heard = (): void => {
      silence();
      silence = this.#deps.clock.after(SILENCE_MS, () => this.#wait());
    };
    const { listener } = this.#deps;
    const close = this.#deps.open(this.#lastId, {
      hello: (hello) => {
        heard();
        this.#greet(hello);
      },
      sample: (sample) => {
        heard();
        listener.onSample(sample);
      },
      event: (event) => {
        this.#lastId = event.id;
        listener.onEvent(event);
      },
      failed: () => this.#wait(),
    });
    this.#enter("opening", () => {
      silence();
      close();
    });
  }

  #greet(hello: Hello): void {
    const isNew = hello.instance !== this.#instance;
    const wasAskedAfter = this.#lastId;
    this.#instance = hello.instance;
    this.#backoff.reset();
    if (isNew) {
      this.#lastId = 0;
      this.#deps.listener.onOther(hello);
      // The id of another instance's event said nothing about this one's events.
      if (wasAskedAfter > 0) {
        this.#open();
        return;
      }
    }
    this.state.set("live");
    this.#deps.listener.onLive();
  }

  #wait(): void {
    const delayMs = this.#backoff.nextMs(this.#deps.clock.nowMs(), RETRY_SOON_FOR_MS);
    const cancel = this.#deps.clock.after(delayMs, () => void this.#retry());
    this.#enter("waiting", cancel);
  }

  async #retry(): Promise<void> {
    const mayRetry = await this.#deps.mayRetry();
    if (this.state.value !== "waiting") return;
    if (mayRetry) this.#open();
    else this.stop();
  }
}
