import { randomFillSync } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { ECHO_MIN_BYTES, parseEchoReply, writeEchoRequest } from "../wire/echo-frame.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { Frame } from "../wire/frame.ts";
import type { Mac } from "../wire/mac.ts";

/** What an echo channel needs of a connection. */
export interface EchoConnection {
  send(frame: Frame): DropReason;
  flush(): void;
}

export interface Question {
  /** Frames of two lanes are two flows to every queue on the way. */
  readonly lane: number;
  /** Of the whole frames. */
  readonly requestBytes: number;
  readonly replyBytes: number;
  readonly timeoutMs: number;
}

export interface Answer {
  readonly roundTripMs: number;
  readonly replyBytes: number;
  /** What arrived there. */
  readonly requestBytes: number;
}

interface Pending {
  readonly sequence: number;
  readonly settle: (answer: Answer | undefined) => void;
  readonly sentMs: number;
}

/** What finds no room in our own queue is not asked again at once. */
const NO_ROOM_MS = 20;

/** Asks the server for echoes (see echo-frame.ts), and hears its answers among all frames that arrive. */
export class EchoChannel {
  readonly #clock: Clock;
  readonly #connection: EchoConnection;
  readonly #source: Mac;
  /** By lane, each in the order of asking. */
  readonly #pending = new Map<number, Map<number, Pending>>();
  readonly #request = randomFillSync(new Uint8Array(MAX_FRAME_BYTES));
  #sequence = 0;
  #closed = false;

  constructor(deps: { readonly clock: Clock; readonly connection: EchoConnection }, source: Mac) {
    this.#clock = deps.clock;
    this.#connection = deps.connection;
    this.#source = source;
  }

  /** The answer; undefined if it, or the question, was lost. */
  ask({ lane, requestBytes, replyBytes, timeoutMs }: Question): Promise<Answer | undefined> {
    const sequence = this.#sequence++ >>> 0;
    return new Promise((resolve) => {
      if (this.#closed) return resolve(undefined);
      let cancel = (): void => {};
      const settle = (answer: Answer | undefined): void => {
        cancel();
        this.#laneOf(lane).delete(sequence);
        resolve(answer);
      };
      this.#laneOf(lane).set(sequence, { sequence, settle, sentMs: this.#clock.nowMs() });
      writeEchoRequest({ source: this.#source, lane, sequence, replyBytes }, this.#request);
      const drop = this.#send(Math.max(ECHO_MIN_BYTES, requestBytes));
      cancel = this.#clock.after(drop === Drop.none ? timeoutMs : NO_ROOM_MS, () => settle(undefined));
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** A frame arrived. */
  onFrame({ bytes, start, end }: Frame): void {
    const reply = parseEchoReply(bytes, start, end);
    if (reply === undefined) return;
    const { lane, sequence, requestBytes } = reply;
    const pending = this.#laneOf(lane).get(sequence);
    if (pending === undefined) return;
    this.#forgetBefore(lane, sequence);
    pending.settle({ roundTripMs: this.#clock.nowMs() - pending.sentMs, replyBytes: end - start, requestBytes });
  }

  /** The connection is gone: nothing will be answered any more. */
  close(): void {
    this.#closed = true;
    for (const lane of this.#pending.values()) for (const { settle } of [...lane.values()]) settle(undefined);
  }

  #send(bytes: number): DropReason {
    const drop = this.#connection.send(new Frame(this.#request).set(this.#request, 0, bytes, false));
    this.#connection.flush();
    return drop;
  }

  #laneOf(lane: number): Map<number, Pending> {
    const known = this.#pending.get(lane);
    if (known !== undefined) return known;
    const made = new Map<number, Pending>();
    this.#pending.set(lane, made);
    return made;
  }

  /** Frames of a lane stay in order, so what was asked earlier and is not answered was dropped by a queue. */
  #forgetBefore(lane: number, sequence: number): void {
    for (const pending of this.#laneOf(lane).values()) {
      if (pending.sequence === sequence) return;
      pending.settle(undefined);
    }
  }
}
