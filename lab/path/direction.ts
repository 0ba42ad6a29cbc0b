/**
 * One direction of an emulated path, without I/O: frames go in with the time they came, and come out when they are due.
 *
 *   enqueue ──► queue (FIFO, tail drop) ──line rate──► lost? cut? ──delay, jitter──► due ──► deliver
 *
 * All times are computed, none is measured: a frame leaves the line exactly when its predecessors and its own bits have
 * passed, whenever `deliver` is called. So a late timer makes frames late, but changes neither rate nor delay on average.
 */
import { DIRECTION_DEFAULTS, type DirectionSettings, wireBytesOf } from "./direction-settings.ts";
import { DueHeap } from "./due-heap.ts";
import { Fate } from "./fate.ts";
import { FrameStore, NO_SLOT } from "./frame-store.ts";
import { isOfTcpPort } from "./tcp-port.ts";

/** What happened since the start, and what is under way now. Bytes are counted on the wire. */
export interface DirectionCounters {
  /** Frames that were handed in. */
  readonly enqueuedFrames: number;
  /** What came out; a frame that came out twice is counted once. */
  readonly passedFrames: number;
  readonly passedBytes: number;
  readonly lostFrames: number;
  /** Dropped because the queue was full. */
  readonly queueDrops: number;
  /** Dropped because the line was cut. */
  readonly cutDrops: number;
  /** Dropped because the emulator itself had no room or the frame was too long for it: should be 0. */
  readonly roomDrops: number;
  readonly doubledFrames: number;
  readonly lateFrames: number;
  /** Waiting for the line now, the frame on it included. */
  readonly queuedFrames: number;
  readonly queuedBytes: number;
  /** The most that waited since the settings were changed last. */
  readonly peakQueuedBytes: number;
  /** Frames past the line, not yet due. */
  readonly flyingFrames: number;
  /** Sum over passed frames of the time delivered less the time due. */
  readonly errorMs: number;
}

export interface DirectionOptions {
  readonly seed: number;
  /** Frames that may be under way. */
  readonly frames: number;
  /** The longest frame. */
  readonly frameBytes: number;
  readonly startMs: number;
}

/** Takes a frame that has come out; the bytes are borrowed until the next `enqueue`. */
export type FrameSink = (bytes: Uint8Array, start: number, end: number) => void;

const LOST = 1;
const DOUBLED = 2;
const LATE = 4;

export class Direction {
  #settings: DirectionSettings = DIRECTION_DEFAULTS;
  readonly #startMs: number;
  readonly #fate: Fate;
  readonly #store: FrameStore;
  readonly #heap: DueHeap;
  /** Slots in the order they wait for the line, a ring. */
  readonly #queue: Uint32Array;
  #head = 0;
  /** By slot. */
  readonly #arrivedMs: Float64Array;
  readonly #dueMs: Float64Array;
  readonly #jitterShare: Float64Array;
  readonly #flags: Uint8Array;
  /** When the line has sent, or will have sent, all that it was given before the queue's first frame. */
  #lineFreeMs = Number.NEGATIVE_INFINITY;
  #lastDueMs = Number.NEGATIVE_INFINITY;
  #cutUntilMs = Number.NEGATIVE_INFINITY;
  readonly #count = {
    enqueuedFrames: 0,
    passedFrames: 0,
    passedBytes: 0,
    lostFrames: 0,
    queueDrops: 0,
    cutDrops: 0,
    roomDrops: 0,
    doubledFrames: 0,
    lateFrames: 0,
    queuedFrames: 0,
    queuedBytes: 0,
    peakQueuedBytes: 0,
    errorMs: 0,
  };

  constructor({ seed, frames, frameBytes, startMs }: DirectionOptions) {
    this.#startMs = startMs;
    this.#fate = new Fate(seed);
    this.#store = new FrameStore(frames, frameBytes);
    this.#heap = new DueHeap(frames);
    this.#queue = new Uint32Array(frames);
    this.#arrivedMs = new Float64Array(frames);
    this.#dueMs = new Float64Array(frames);
    this.#jitterShare = new Float64Array(frames);
    this.#flags = new Uint8Array(frames);
  }

  get settings(): DirectionSettings {
    return this.#settings;
  }

  get counters(): DirectionCounters {
    return { ...this.#count, flyingFrames: this.#heap.size };
  }

  /** Holds from now on, also for the frames that wait for the line; those past it stay due when they were. */
  set(settings: DirectionSettings, nowMs: number): void {
    this.#serve(nowMs);
    // At another rate the frame on the line begins anew; else a faster line would have sent it in the past.
    if (settings.bitsPerSecond !== this.#settings.bitsPerSecond) this.#lineFreeMs = Math.max(this.#lineFreeMs, nowMs);
    this.#settings = settings;
    this.#count.peakQueuedBytes = this.#count.queuedBytes;
  }

  /** Cuts the line for this long: frames that come or would leave meanwhile vanish, those past it arrive. 0 mends it. */
  cut(lengthMs: number, nowMs: number): void {
    this.#serve(nowMs);
    this.#cutUntilMs = nowMs + lengthMs;
  }

  /** Copies a frame in, or drops it. Times must not go back. */
  enqueue(bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    this.#serve(nowMs);
    this.#count.enqueuedFrames++;
    this.#fate.draw(this.#settings);
    const wireBytes = wireBytesOf(end - start);
    if (this.#isCut(nowMs) || this.#isCutAlone(bytes, start, end)) this.#count.cutDrops++;
    else if (!this.#hasRoom(wireBytes)) this.#count.queueDrops++;
    else this.#append(this.#store.take(bytes, start, end), wireBytes, nowMs);
  }

  /** Hands out what is due by `nowMs + earlyMs`, in the order it is due. */
  deliver(nowMs: number, sink: FrameSink, earlyMs = 0): void {
    const untilMs = nowMs + earlyMs;
    this.#serve(untilMs);
    while (this.#heap.firstDueMs <= untilMs) this.#handOut(this.#heap.pop(), nowMs, sink);
  }

  /** When `deliver` has something to do again, as things are; `Infinity` when nothing is under way. */
  nextMs(): number {
    const leavesMs = this.#count.queuedFrames === 0 ? Number.POSITIVE_INFINITY : this.#leavesMs(this.#first());
    return Math.min(leavesMs, this.#heap.firstDueMs);
  }

  #append(slot: number, wireBytes: number, nowMs: number): void {
    if (slot === NO_SLOT) {
      this.#count.roomDrops++;
      return;
    }
    const { isLost, isDoubled, isLate, jitterShare } = this.#fate;
    this.#flags[slot] = (isLost ? LOST : 0) | (isDoubled ? DOUBLED : 0) | (isLate ? LATE : 0);
    this.#jitterShare[slot] = jitterShare;
    this.#arrivedMs[slot] = nowMs;
    this.#queue[(this.#head + this.#count.queuedFrames++) % this.#queue.length] = slot;
    this.#count.queuedBytes += wireBytes;
    this.#count.peakQueuedBytes = Math.max(this.#count.peakQueuedBytes, this.#count.queuedBytes);
  }

  /** A line with nothing to do takes any frame. */
  #hasRoom(wireBytes: number): boolean {
    const { queueBytes, queueMs, bitsPerSecond } = this.#settings;
    const { queuedBytes } = this.#count;
    // No limit of rate means that nothing waits, and Infinity times 0 is no number.
    const limit = queueMs === 0 ? 0 : Math.min(queueBytes, (bitsPerSecond * queueMs) / 8_000);
    return queuedBytes === 0 || queuedBytes + wireBytes <= limit;
  }

  /** Lets the line send all that has left it by then. */
  #serve(nowMs: number): void {
    while (this.#count.queuedFrames > 0) {
      const slot = this.#first();
      const leftMs = this.#leavesMs(slot);
      if (leftMs > nowMs) return;
      this.#lineFreeMs = leftMs;
      this.#head = (this.#head + 1) % this.#queue.length;
      this.#count.queuedFrames--;
      this.#count.queuedBytes -= wireBytesOf(this.#store.lengthOf(slot));
      this.#launch(slot, leftMs);
    }
  }

  #first(): number {
    return this.#queue[this.#head] as number;
  }

  /** When the last bit of the queue's first frame has left. */
  #leavesMs(slot: number): number {
    const bits = 8 * wireBytesOf(this.#store.lengthOf(slot));
    const startsMs = Math.max(this.#lineFreeMs, this.#arrivedMs[slot] as number);
    return startsMs + (1_000 * bits) / this.#settings.bitsPerSecond;
  }

  /** What the line makes of a frame that has passed it. */
  #launch(slot: number, leftMs: number): void {
    const flags = this.#flags[slot] as number;
    const isCut = this.#isCut(leftMs);
    if (isCut) this.#count.cutDrops++;
    else if (flags & LOST) this.#count.lostFrames++;
    if (isCut || flags & LOST) {
      this.#store.release(slot);
      return;
    }
    this.#fly(slot, leftMs, (flags & LATE) !== 0);
  }

  #fly(slot: number, leftMs: number, isLate: boolean): void {
    const { delayMs, jitterMs, reorderMs } = this.#settings;
    let dueMs = leftMs + delayMs + jitterMs * (this.#jitterShare[slot] as number);
    if (isLate) {
      this.#count.lateFrames++;
      dueMs += reorderMs;
    } else {
      dueMs = Math.max(dueMs, this.#lastDueMs);
      this.#lastDueMs = dueMs;
    }
    this.#dueMs[slot] = dueMs;
    this.#heap.push(dueMs, slot);
  }

  #handOut(slot: number, nowMs: number, sink: FrameSink): void {
    const start = slot * this.#store.slotBytes;
    const length = this.#store.lengthOf(slot);
    sink(this.#store.bytes, start, start + length);
    if ((this.#flags[slot] as number) & DOUBLED) {
      this.#count.doubledFrames++;
      sink(this.#store.bytes, start, start + length);
    }
    this.#count.passedFrames++;
    this.#count.passedBytes += wireBytesOf(length);
    this.#count.errorMs += nowMs - (this.#dueMs[slot] as number);
    this.#store.release(slot);
  }

  #isCutAlone(bytes: Uint8Array, start: number, end: number): boolean {
    const { cutTcpPort } = this.#settings;
    return cutTcpPort > 0 && isOfTcpPort(bytes, start, end, cutTcpPort);
  }

  #isCut(atMs: number): boolean {
    if (atMs < this.#cutUntilMs) return true;
    const { cutEveryMs, cutMs } = this.#settings;
    return cutEveryMs > 0 && (atMs - this.#startMs) % cutEveryMs >= cutEveryMs - cutMs;
  }
}
