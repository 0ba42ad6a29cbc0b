import { randomInt } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { markCongestion } from "../wire/ecn.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { flowHash } from "../wire/flow.ts";
import { isUrgent } from "../wire/urgency.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { CODEL_DEFAULTS } from "./codel.ts";
import { type FlowTable, type FlowTables, NO_BUCKET, NO_FRAME, URGENT_BUCKET } from "./flow-table.ts";
import { CHUNK_BYTES, chunksFor, type FrameStore } from "./frame-store.ts";

export interface FlowQueueDeps {
  readonly clock: Clock;
  readonly store: FrameStore;
  readonly tables: FlowTables;
  /** Frames that were taken are dropped before they left: `frames` of them, none for a later part of one. */
  readonly onDrop: (reason: DropReason, frames: number) => void;
}

/** What a flow may send before it is the next one's turn: a frame of the usual size (RFC 8290, 5.2). */
const QUANTUM_BYTES = 1_518;
/** Nobody waits for an answer that long: TCP has sent it again, a call has gone on. */
const STALE_AFTER_MS = 2_000;
/** Urgent frames that may wait; more of them than that are no longer few, and go to their flows. */
const MAX_URGENT_FRAMES = 128;
/** Bytes that urgent frames may send at once while others wait, and how many others' bytes earn them one: a quarter. */
const URGENT_BURST_BYTES = 8 * 1_024;
const BYTES_PER_URGENT_BYTE = 3;
/** Frames dropped at a time from the flow that fills the queue, so that the search for it costs little (fq_codel's batch). */
const DROP_BATCH = 64;
const LARGEST_FRAME_CHUNKS = chunksFor(MAX_FRAME_BYTES);
/** A queue may hold an eighth as many chunks as nobody holds (dynamic thresholds, Choudhury and Hahne 1998). */
const AVAILABLE_PER_HELD = 8;

/**
 * Frames that wait for one connection, sorted by flow (FQ-CoDel, RFC 8290):
 *
 *     push ─┬─ urgent, and none of its flow waits ──► urgent ────────────────────────┐ first, up to a quarter
 *           └─ flow ──► new flows: had nothing waiting ─┐                            ├──► next, take
 *                       old flows: a quantum each ──────┴─ CoDel: dropped or marked ─┘
 *
 * A flow that sends little finds its bucket empty and goes before those that have a queue. Frames of one flow stay in
 * order. Full, the flow that takes the most memory loses its oldest frames; a frame that has waited too long is lost.
 */
export class FlowQueue {
  /** Frames that were marked where they would have been dropped. */
  ecnMarks = 0;
  readonly #deps: FlowQueueDeps;
  #maxChunks = 0;
  /** Unknown to strangers, so that nobody can choose whose bucket to share. */
  readonly #seed = randomInt(2 ** 31);
  #table: FlowTable | undefined;
  #urgentFrames = 0;
  #urgentCredit = URGENT_BURST_BYTES;
  /** The frame that `next` chose and `take` has not taken. */
  #chosen = NO_FRAME;
  #nowMs = 0;
  #targetMs: number = CODEL_DEFAULTS.targetMs;
  #intervalMs: number = CODEL_DEFAULTS.intervalMs;
  #frames = 0;
  #bytes = 0;
  #chunks = 0;
  /** The largest frame lately: less than that waiting is no backlog. */
  #largestBytes = 0;

  constructor(deps: FlowQueueDeps) {
    this.#deps = deps;
  }

  /** Most memory for frames that wait; nothing may until it is set. */
  set maxBytes(bytes: number) {
    this.#maxChunks = Math.floor(bytes / CHUNK_BYTES);
  }

  get isEmpty(): boolean {
    return this.#frames === 0;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Bytes of the waiting frames, virtio-net headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the next frame, if it is a large one, costs others their places. */
  get isFull(): boolean {
    return this.#chunks + LARGEST_FRAME_CHUNKS > this.#maxChunks;
  }

  /** How long frames may wait, and how long the flows' senders take to notice; for slow paths more than CoDel's own. */
  adapt(targetMs: number, intervalMs: number): void {
    this.#targetMs = targetMs;
    this.#intervalMs = intervalMs;
  }

  /** Reads the clock for what follows: once per batch, not per frame. */
  tick(): void {
    this.#nowMs = this.#deps.clock.nowMs();
    if (this.#table === undefined) return;
    this.#table.codel.targetMs = this.#targetMs;
    this.#table.codel.intervalMs = this.#intervalMs;
  }

  /**
   * Keeps a copy of the frame in [start, end). `isPart`: an earlier part of the same frame stands for this one where
   * frames are counted.
   */
  push(bytes: Uint8Array, start: number, end: number, hasVnetHeader: boolean, isPart: boolean): DropReason {
    const { store, tables } = this.#deps;
    const chunks = chunksFor(end - start);
    if (!this.#makeRoom(chunks)) return Drop.egressFull;
    this.#table ??= tables.take();
    const bucket = this.#bucketFor(this.#table, bytes, start, end);
    const frame = store.put(bytes, start, end, hasVnetHeader, this.#nowMs);
    store.isPart[frame] = isPart ? 1 : 0;
    const frameBytes = store.frameBytes[frame] as number;
    this.#largestBytes = Math.max(this.#largestBytes, frameBytes);
    this.#frames++;
    this.#bytes += frameBytes;
    this.#chunks += chunks;
    this.#append(this.#table, bucket, frame, chunks);
    return Drop.none;
  }

  /**
   * Chooses the frame that leaves next, and answers its length with its virtio-net header; 0 if there is none. The same
   * one until `take`.
   */
  next(): number {
    if (this.#chosen === NO_FRAME && this.#table !== undefined) this.#chosen = this.#choose(this.#table);
    return this.#chosen === NO_FRAME ? 0 : (this.#deps.store.frameBytes[this.#chosen] as number);
  }

  /** Whether the frame that `next` chose is a later part of one that was cut. */
  get isNextPart(): boolean {
    return this.#deps.store.isPart[this.#chosen] === 1;
  }

  /** Copies the chosen frame, virtio-net header first, but its first `skippedBytes`, to `to` at `at`, and forgets it. */
  take(to: Uint8Array, at: number, skippedBytes: number): void {
    this.#deps.store.copy(this.#chosen, to, at, skippedBytes);
    this.#forget(this.#chosen);
    this.#chosen = NO_FRAME;
  }

  /** Drops the chosen frame. */
  dropNext(reason: DropReason): void {
    const frame = this.#chosen;
    this.#chosen = NO_FRAME;
    this.#drop(frame, reason);
  }

  /** Gives up what only a queue with frames needs. To be called when there is nothing to send any more. */
  rest(): void {
    if (this.#table === undefined || this.#frames > 0) return;
    this.#deps.tables.release(this.#table);
    this.#table = undefined;
    this.#urgentCredit = URGENT_BURST_BYTES;
    this.#largestBytes = 0;
  }

  /** Drops all frames, for one reason. */
  clear(reason: DropReason): void {
    if (this.#chosen !== NO_FRAME) this.dropNext(reason);
    for (let bucket = 0; this.#table !== undefined && bucket <= URGENT_BUCKET; bucket++) {
      while (this.#table.head[bucket] !== NO_FRAME) this.#drop(this.#unlink(this.#table, bucket), reason);
    }
    this.#urgentFrames = 0;
    this.rest();
  }

  /** An urgent frame goes first only if it overtakes none of its own flow. */
  #bucketFor(table: FlowTable, bytes: Uint8Array, start: number, end: number): number {
    const bucket = table.bucketOf(flowHash(bytes, start, end, this.#seed));
    if (table.head[bucket] !== NO_FRAME || this.#urgentFrames >= MAX_URGENT_FRAMES) return bucket;
    return isUrgent(bytes, start, end) ? URGENT_BUCKET : bucket;
  }

  #append(table: FlowTable, bucket: number, frame: number, chunks: number): void {
    const { head, tail } = table;
    if (head[bucket] === NO_FRAME) head[bucket] = frame;
    else this.#deps.store.nextFrame[tail[bucket] as number] = frame;
    tail[bucket] = frame;
    (table.chunks[bucket] as number) += chunks;
    if (bucket === URGENT_BUCKET) this.#urgentFrames++;
    else if (!table.isListed(bucket)) {
      table.deficit[bucket] = QUANTUM_BYTES;
      table.listFresh(bucket);
    }
  }

  /** Takes the oldest frame out of its bucket. */
  #unlink(table: FlowTable, bucket: number): number {
    const { store } = this.#deps;
    const frame = table.head[bucket] as number;
    table.head[bucket] = store.nextFrame[frame] as number;
    (table.chunks[bucket] as number) -= chunksFor((store.frameBytes[frame] as number) - VNET_HEADER_BYTES);
    if (bucket === URGENT_BUCKET) this.#urgentFrames--;
    return frame;
  }

  #choose(table: FlowTable): number {
    const others = table.first !== NO_BUCKET;
    if (this.#urgentFrames > 0 && (this.#urgentCredit > 0 || !others)) {
      const frame = this.#dequeue(table, URGENT_BUCKET);
      if (frame !== NO_FRAME) {
        if (others) this.#urgentCredit -= this.#deps.store.frameBytes[frame] as number;
        return frame;
      }
    }
    const frame = this.#chooseByRound(table);
    if (frame === NO_FRAME) return this.#urgentFrames > 0 ? this.#dequeue(table, URGENT_BUCKET) : NO_FRAME;
    const earned = Math.ceil((this.#deps.store.frameBytes[frame] as number) / BYTES_PER_URGENT_BYTE);
    this.#urgentCredit = Math.min(URGENT_BURST_BYTES, this.#urgentCredit + earned);
    return frame;
  }

  /** Deficit round robin with two lists (RFC 8290, 4.2). */
  #chooseByRound(table: FlowTable): number {
    for (;;) {
      const bucket = table.first;
      if (bucket === NO_BUCKET) return NO_FRAME;
      if ((table.deficit[bucket] as number) <= 0) {
        (table.deficit[bucket] as number) += QUANTUM_BYTES;
        table.moveToOld();
        continue;
      }
      const frame = this.#dequeue(table, bucket);
      if (frame !== NO_FRAME) {
        (table.deficit[bucket] as number) -= this.#deps.store.frameBytes[frame] as number;
        return frame;
      }
      table.retire();
    }
  }

  /** The oldest frame of the bucket that is neither stale nor dropped by CoDel. */
  #dequeue(table: FlowTable, bucket: number): number {
    const { store } = this.#deps;
    while (table.head[bucket] !== NO_FRAME) {
      const hasBacklog = this.#bytes > this.#largestBytes;
      const frame = this.#unlink(table, bucket);
      const waitedMs = this.#nowMs - (store.arrivalMs[frame] as number);
      if (waitedMs > STALE_AFTER_MS) this.#drop(frame, Drop.egressStale);
      else if (bucket === URGENT_BUCKET || !table.codel.judge(bucket, waitedMs, this.#nowMs, hasBacklog)) return frame;
      else if (markCongestion(store.headers(frame), store.headersAt(frame), store.headersEnd(frame))) {
        this.ecnMarks++;
        return frame;
      } else this.#drop(frame, Drop.egressLate);
    }
    table.codel.emptied(bucket);
    return NO_FRAME;
  }

  /** Whether the chunks can be had, perhaps by dropping what the fattest flow has waiting. */
  #makeRoom(chunks: number): boolean {
    while (!this.#hasRoom(chunks)) {
      const table = this.#table;
      const bucket = table?.fattest() ?? NO_BUCKET;
      if (table === undefined || table.head[bucket] === NO_FRAME) return false;
      const keptChunks = (table.chunks[bucket] as number) >>> 1;
      for (let i = 0; i < DROP_BATCH && table.head[bucket] !== NO_FRAME; i++) {
        this.#drop(this.#unlink(table, bucket), Drop.egressFull);
        if ((table.chunks[bucket] as number) <= keptChunks) break;
      }
    }
    return true;
  }

  #hasRoom(chunks: number): boolean {
    const { availableChunks } = this.#deps.store;
    if (this.#chunks + chunks > this.#maxChunks || chunks > availableChunks) return false;
    return this.#chunks === 0 || this.#chunks * AVAILABLE_PER_HELD < availableChunks;
  }

  #drop(frame: number, reason: DropReason): void {
    const frames = this.#deps.store.isPart[frame] === 1 ? 0 : 1;
    this.#forget(frame);
    this.#deps.onDrop(reason, frames);
  }

  #forget(frame: number): void {
    const { store } = this.#deps;
    const frameBytes = store.frameBytes[frame] as number;
    this.#frames--;
    this.#bytes -= frameBytes;
    this.#chunks -= chunksFor(frameBytes - VNET_HEADER_BYTES);
    store.release(frame);
  }
}
