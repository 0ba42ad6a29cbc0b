import type { Clock } from "../base/clock.ts";
import { ECHO_MIN_BYTES } from "../wire/echo-frame.ts";
import type { Answer, EchoChannel } from "./echo-channel.ts";

export interface LoadOptions {
  readonly direction: "down" | "up";
  readonly durationMs: number;
  /** Ends it earlier on a fast line. */
  readonly maxBytes: number;
  /** The largest frame that gets through. */
  readonly maxFrameBytes: number;
}

export interface LoadResult {
  readonly bytesPerSecond: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Frames that a queue on the way dropped. */
  readonly lost: number;
}

/** Bulk and pings are two flows. */
const BULK_LANE = 1;
/** Bytes under way: as many as TCP begins with, and as a flow on a long fast line has. */
const FIRST_WINDOW_BYTES = 32 * 1024;
const MAX_WINDOW_BYTES = 2 * 1024 * 1024;
/** A frame of the load takes the line for this long, so that it does not measure itself. */
const FRAME_MS = 2;
const MIN_FRAME_BYTES = 1_514;
/** An answer is lost if it takes three times as long as the slowest so far; queues of a second are found out step by step. */
const PATIENCE = 3;
const MIN_TIMEOUT_MS = 500;
const MAX_TIMEOUT_MS = 10_000;
const FIRST_TIMEOUT_MS = 3_000;
/** Not asked for more: the server answers no more than a gigabit per second, and neighbours need the line, too. */
export const MAX_BYTES_PER_SECOND = 100_000_000;
/** What may be asked for at once. */
const PACING_BURST_BYTES = 512 * 1024;
const PACING_MS = 2;
/** The beginning does not count: the window has to open first. */
const WARM_UP_SHARE = 0.2;

/** Fills the line one way with echo frames for a while, the way that TCP does: a window that opens, and halves at a loss. */
export class Load {
  readonly #clock: Clock;
  readonly #channel: EchoChannel;
  readonly #options: LoadOptions;
  readonly #startMs: number;
  #windowBytes = FIRST_WINDOW_BYTES;
  #thresholdBytes = MAX_WINDOW_BYTES;
  #flightBytes = 0;
  #askedBytes = 0;
  #isPaced = false;
  #bytes = 0;
  #warmBytes = 0;
  #warmMs: number | undefined;
  #lastMs: number;
  #lost = 0;
  #halvedMs = 0;
  #slowestMs: number | undefined;
  #done: (() => void) | undefined;

  constructor(deps: { readonly clock: Clock; readonly channel: EchoChannel }, options: LoadOptions) {
    this.#clock = deps.clock;
    this.#channel = deps.channel;
    this.#options = options;
    this.#startMs = deps.clock.nowMs();
    this.#lastMs = this.#startMs;
  }

  async run(): Promise<LoadResult> {
    const isOver = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#fill();
    await isOver;
    const elapsedMs = this.#lastMs - this.#startMs;
    const warmMs = this.#warmMs ?? this.#startMs;
    const counted = this.#bytes - this.#warmBytes;
    const countedMs = Math.max(1, this.#lastMs - warmMs);
    return { bytesPerSecond: (counted / countedMs) * 1000, bytes: this.#bytes, elapsedMs, lost: this.#lost };
  }

  #fill(): void {
    const frameBytes = this.#frameBytes();
    while (this.#isRunning() && this.#flightBytes + frameBytes <= this.#windowBytes) {
      if (this.#isAhead()) {
        this.#fillLater();
        return;
      }
      void this.#ask(frameBytes);
    }
    if (this.#flightBytes === 0) this.#done?.();
  }

  #isAhead(): boolean {
    const allowed = ((this.#clock.nowMs() - this.#startMs) / 1000) * MAX_BYTES_PER_SECOND + PACING_BURST_BYTES;
    return this.#askedBytes > allowed;
  }

  #fillLater(): void {
    if (this.#isPaced) return;
    this.#isPaced = true;
    this.#clock.after(PACING_MS, () => {
      this.#isPaced = false;
      this.#fill();
    });
  }

  async #ask(frameBytes: number): Promise<void> {
    this.#flightBytes += frameBytes;
    this.#askedBytes += frameBytes;
    const [requestBytes, replyBytes] =
      this.#options.direction === "up" ? [frameBytes, ECHO_MIN_BYTES] : [ECHO_MIN_BYTES, frameBytes];
    const question = { lane: BULK_LANE, requestBytes, replyBytes, timeoutMs: this.#timeoutMs() };
    const answer = await this.#channel.ask(question);
    this.#flightBytes -= frameBytes;
    this.#take(answer, frameBytes);
    this.#fill();
  }

  #take(answer: Answer | undefined, frameBytes: number): void {
    const nowMs = this.#clock.nowMs();
    if (answer === undefined) {
      this.#onLoss(nowMs);
      return;
    }
    this.#bytes += frameBytes;
    this.#lastMs = nowMs;
    this.#slowestMs = Math.max(this.#slowestMs ?? 0, answer.roundTripMs);
    if (this.#warmMs === undefined && nowMs - this.#startMs >= this.#options.durationMs * WARM_UP_SHARE) {
      this.#warmMs = nowMs;
      this.#warmBytes = this.#bytes;
    }
    const isOpening = this.#windowBytes < this.#thresholdBytes;
    const growth = isOpening ? frameBytes : (frameBytes * frameBytes) / this.#windowBytes;
    this.#windowBytes = Math.min(MAX_WINDOW_BYTES, this.#windowBytes + growth);
  }

  /** Once per round: the frames lost together are one sign of a full queue. */
  #onLoss(nowMs: number): void {
    this.#lost++;
    if (nowMs - this.#halvedMs < 100) return;
    this.#halvedMs = nowMs;
    this.#thresholdBytes = Math.max(FIRST_WINDOW_BYTES, this.#windowBytes / 2);
    this.#windowBytes = this.#thresholdBytes;
  }

  #timeoutMs(): number {
    if (this.#slowestMs === undefined) return FIRST_TIMEOUT_MS;
    return Math.min(MAX_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, this.#slowestMs * PATIENCE));
  }

  #frameBytes(): number {
    const elapsedMs = Math.max(1, this.#lastMs - this.#startMs);
    const wanted = (this.#bytes / elapsedMs) * FRAME_MS;
    return Math.round(Math.min(this.#options.maxFrameBytes, Math.max(MIN_FRAME_BYTES, wanted)));
  }

  #isRunning(): boolean {
    const { durationMs, maxBytes } = this.#options;
    if (this.#channel.isClosed) return false;
    return this.#clock.nowMs() - this.#startMs < durationMs && this.#bytes + this.#flightBytes < maxBytes;
  }
}
