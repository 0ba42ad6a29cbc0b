import type { Clock } from "../base/clock.ts";
import type { ControlModel } from "../control/control-model.ts";
import type { ControlEvent } from "../control/model.ts";
import { formatMessage, LiveStream } from "./live-stream.ts";

/** Pages and programs that listen at a time, of all operators together. */
const MAX_SUBSCRIBERS = 64;
/** A sample is told as often as one is made. */
const SAMPLE_EVERY_MS = 1_000;
/** Proxies end a connection on which nothing passes for a minute; each second's sample does the same while all is well. */
const KEEP_ALIVE_EVERY_MS = 15_000;

/** Of events that were missed: half of what may wait for a reader. Strangers' words make events long. */
const MAX_MISSED_BYTES = 1_048_576;

export interface LiveFeedDeps {
  readonly clock: Clock;
  readonly model: ControlModel;
}

export interface Subscription {
  /** Events behind this one are told first; undefined: only those to come. */
  readonly after: number | undefined;
  /** Asked each second; who may not look any more hears no more. */
  readonly mayStay: () => boolean;
}

/** What happens on a server, told to all who listen as it happens. Nothing is looked at while nobody listens. */
export class LiveFeed {
  readonly #deps: LiveFeedDeps;
  readonly #streams = new Map<LiveStream, Subscription>();
  #toldMs = 0;
  #stop: (() => void) | undefined;

  constructor(deps: LiveFeedDeps) {
    this.#deps = deps;
  }

  get subscribers(): number {
    return this.#streams.size;
  }

  /** A stream of server-sent events; undefined if as many listen as may. The caller closes it when the other side is gone. */
  subscribe(subscription: Subscription): LiveStream | undefined {
    if (this.#streams.size >= MAX_SUBSCRIBERS) return undefined;
    const { model } = this.#deps;
    const stream = new LiveStream(() => this.#leave(stream));
    const { lastId } = model.events;
    stream.send("hello", { instance: model.server().instance, lastId });
    const { after } = subscription;
    const missed = after === undefined ? [] : latest(model.events.after(after));
    this.#streams.set(stream, subscription);
    for (const message of missed) stream.sendBytes(message);
    this.#stop ??= this.#start();
    return stream;
  }

  /** Ends every stream. */
  close(): void {
    for (const stream of this.#streams.keys()) stream.close();
  }

  #start(): () => void {
    const { clock, model } = this.#deps;
    const cancels = [
      clock.every(SAMPLE_EVERY_MS, () => this.#tick()),
      clock.every(KEEP_ALIVE_EVERY_MS, () => this.#tell(": here\n\n")),
      model.events.listen((event) => this.#tellEvent(event)),
    ];
    return () => {
      for (const cancel of cancels) cancel();
    };
  }

  #leave(stream: LiveStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #tick(): void {
    for (const [stream, { mayStay }] of this.#streams) if (!mayStay()) stream.close();
    const sample = this.#deps.model.history().at(-1);
    if (sample === undefined || sample.atMs === this.#toldMs) return;
    this.#toldMs = sample.atMs;
    this.#tell(formatMessage("sample", sample));
  }

  #tellEvent(event: ControlEvent): void {
    this.#tell(formatMessage("event", event, event.id));
  }

  /** Formatted once, however many listen. */
  #tell(text: string): void {
    const bytes = Buffer.from(text);
    for (const stream of this.#streams.keys()) stream.sendBytes(bytes);
  }
}

/** The last of these events that may wait for a reader, as messages, the oldest first. */
function latest(events: readonly ControlEvent[]): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  let left = MAX_MISSED_BYTES;
  for (const event of events.toReversed()) {
    const message = Buffer.from(formatMessage("event", event, event.id));
    left -= message.length;
    if (left < 0) break;
    messages.push(message);
  }
  return messages.reverse();
}
