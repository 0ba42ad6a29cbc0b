import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { PeerError } from "../base/errors.ts";
import { type ControlEvent, controlEventSchema } from "../control/model.ts";
import type { ControlClient } from "./control-client.ts";
import { isPassing } from "./control-error.ts";
import { EventStreamParser, type StreamedMessage } from "./event-stream.ts";

/** The server says something each second. */
const SILENT_MS = 15_000;
export const FOLLOWER_DEFAULTS = {
  /** Before a server that is gone is looked for again. */
  retryMs: 1_000,
} as const;

const helloSchema = z.object({ instance: z.string(), lastId: z.int().nonnegative() });

export interface EventFollowerDeps {
  /** Finds the server, again and again: it may come back as another process. */
  readonly find: () => Promise<ControlClient>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ControlEvent) => void;
  /** What whoever follows should know, in a sentence. */
  readonly onNotice: (text: string) => void;
}

/** Where somebody has come to in a server's events. */
export interface FeedPosition {
  readonly instance: string;
  readonly lastId: number;
}

/**
 * Follows a server's events: each once and in order, across broken connections. After a restart it begins with the first
 * event of the new server.
 */
export class EventFollower {
  readonly #deps: EventFollowerDeps;
  readonly #retryMs: number;
  #instance: string;
  #lastId: number;

  constructor(deps: EventFollowerDeps, { instance, lastId }: FeedPosition, { retryMs }: { readonly retryMs: number }) {
    this.#deps = deps;
    this.#retryMs = retryMs;
    this.#instance = instance;
    this.#lastId = lastId;
  }

  /** Rejects when the signal is aborted, and with the first error that time does not heal. */
  async follow(): Promise<never> {
    let isTold = false;
    for (;;) {
      try {
        await this.#read();
        isTold = false;
      } catch (error) {
        if (!isPassing(error) || this.#deps.signal.aborted) throw error;
        if (!isTold) this.#deps.onNotice("the server does not answer: asking again");
        isTold = true;
        await delay(this.#retryMs, undefined, { signal: this.#deps.signal });
      }
    }
  }

  /** Until the stream must be opened anew, because the server is another. */
  async #read(): Promise<void> {
    const { find, signal } = this.#deps;
    const client = await find();
    const options = { signal, silentMs: SILENT_MS, headers: { accept: "text/event-stream" } };
    const stream = await client.stream("/live", { after: this.#lastId }, options);
    const parser = new EventStreamParser();
    stream.setEncoding("utf8");
    try {
      for await (const text of stream as AsyncIterable<string>) {
        for (const message of parser.push(text)) if (!this.#take(message)) return;
      }
    } catch (error) {
      throw error instanceof PeerError ? error : client.broken(error);
    } finally {
      stream.destroy();
    }
    throw client.broken(new Error("it ended the stream"));
  }

  /** False for a server that is another than before. */
  #take({ event, data }: StreamedMessage): boolean {
    if (event === "hello") return this.#takeHello(parse(helloSchema, data));
    if (event === "event") this.#takeEvent(parse(controlEventSchema, data));
    return true;
  }

  #takeHello({ instance }: FeedPosition): boolean {
    if (instance === this.#instance) return true;
    this.#deps.onNotice("the server was restarted");
    this.#instance = instance;
    this.#lastId = 0;
    return false;
  }

  #takeEvent(event: ControlEvent): void {
    if (event.id <= this.#lastId) return;
    const missed = event.id - this.#lastId - 1;
    if (missed > 0) this.#deps.onNotice(`${missed} events are lost: the server does not keep more`);
    this.#lastId = event.id;
    this.#deps.onEvent(event);
  }
}

function parse<Value>(schema: z.ZodType<Value>, data: string): Value {
  try {
    return schema.parse(JSON.parse(data));
  } catch (cause) {
    const hint = "Is it a vpn-ws of another version?";
    throw new PeerError("CONTROL_ANSWER", "the server's stream of events is none that we understand.", { cause, hint });
  }
}
