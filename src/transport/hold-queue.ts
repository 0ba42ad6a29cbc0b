import { randomInt } from "node:crypto";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { flowHash } from "../wire/flow.ts";
import { Frame } from "../wire/frame.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { CHUNK_BYTES, chunksFor, type FrameStore } from "./frame-store.ts";

/** What may be held for a session without a connection: what a broken line takes with it, and its repetitions. */
export const MAX_HELD_BYTES = 256 * 1024;
/** A session may hold one chunk in eight of those that nobody holds, so that a few do not have them all. */
const AVAILABLE_PER_HELD = 8;
const MAX_HELD_CHUNKS = MAX_HELD_BYTES / CHUNK_BYTES;
/** Flows that are told apart. */
const FLOWS = 64;
const NONE = -1;

export interface HoldQueueDeps {
  /** Where the frames lie; for all sessions of the process. */
  readonly store: FrameStore;
  /** A frame that was taken is lost after all. */
  readonly onLost: (reason: DropReason) => void;
}

export interface HoldQueueOptions {
  /** What is older when there is a connection again is of no use to anybody; TCP has repeated it meanwhile. */
  readonly maxHeldMs: number;
}

/**
 * Frames for a session that has no connection at the moment, by flow. When it is full the flow that has most loses its
 * oldest frame: of each flow the newest are kept, and of a flow that waits for an answer that is its last repetition,
 * which is just what sets it going again.
 *
 *     take ──► flow: oldest … newest ──► drainTo          full: the richest flow's oldest frame is lost
 */
export class HoldQueue {
  readonly #deps: HoldQueueDeps;
  readonly #options: HoldQueueOptions;
  /** Unknown to strangers, so that nobody can choose whose flow to share. */
  readonly #seed = randomInt(2 ** 31);
  /** By flow: its oldest and newest frame, and the chunks of all of them. */
  readonly #oldest = new Int32Array(FLOWS).fill(NONE);
  readonly #newest = new Int32Array(FLOWS);
  readonly #chunksOf = new Int32Array(FLOWS);
  #chunks = 0;
  #frames = 0;

  constructor(deps: HoldQueueDeps, options: HoldQueueOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Frames that wait. */
  get frames(): number {
    return this.#frames;
  }

  /** Copies the frame; Drop.egressFull if it may have no room. */
  take({ bytes, start, end, hasVnetHeader }: Frame, nowMs: number): DropReason {
    if (end - start > MAX_FRAME_BYTES) return Drop.tooBig;
    const { store } = this.#deps;
    const flow = flowHash(bytes, start, end, this.#seed) % FLOWS;
    const chunks = chunksFor(end - start);
    if (!this.#makeRoom(flow, chunks)) return Drop.egressFull;
    const frame = store.put(bytes, start, end, hasVnetHeader, nowMs);
    if (this.#oldest[flow] === NONE) this.#oldest[flow] = frame;
    else store.nextFrame[this.#newest[flow] as number] = frame;
    this.#newest[flow] = frame;
    this.#chunksOf[flow] = (this.#chunksOf[flow] as number) + chunks;
    this.#chunks += chunks;
    this.#frames++;
    return Drop.none;
  }

  /** Gives out what waits and is not stale, flow by flow, each in its order. The Frame is borrowed. Empty afterwards. */
  drainTo(send: (frame: Frame) => DropReason, nowMs: number): void {
    const { store } = this.#deps;
    const scratch = new Uint8Array(VNET_HEADER_BYTES + MAX_FRAME_BYTES);
    const frame = new Frame(scratch);
    for (let flow = 0; flow < FLOWS; flow++) {
      for (let held = this.#oldest[flow] as number; held !== NONE; held = this.#oldest[flow] as number) {
        const isStale = nowMs - (store.arrivalMs[held] as number) > this.#options.maxHeldMs;
        if (!isStale) store.copy(held, scratch, 0);
        const bytes = store.frameBytes[held] as number;
        const drop = isStale ? Drop.egressStale : send(frame.set(scratch, VNET_HEADER_BYTES, bytes, true));
        this.#removeOldest(flow);
        if (drop !== Drop.none) this.#deps.onLost(drop);
      }
    }
  }

  /** Drops all frames. */
  clear(): void {
    for (let flow = 0; flow < FLOWS; flow++) {
      while (this.#oldest[flow] !== NONE) {
        this.#removeOldest(flow);
        this.#deps.onLost(Drop.portClosed);
      }
    }
  }

  /** Drops from the richest flow until there is room; false if that is the newcomer's own, and has too little to drop. */
  #makeRoom(flow: number, chunks: number): boolean {
    for (let room = this.#roomChunks(); room < chunks; room = this.#roomChunks()) {
      const own = this.#chunksOf[flow] as number;
      const richest = this.#richestBut(flow);
      const isOwn = own + chunks >= (this.#chunksOf[richest] as number);
      if (isOwn && own < chunks - room) return false;
      this.#removeOldest(isOwn ? flow : richest);
      this.#deps.onLost(Drop.egressFull);
    }
    return true;
  }

  /** How many chunks more it may have. */
  #roomChunks(): number {
    const share = Math.floor(this.#deps.store.availableChunks / AVAILABLE_PER_HELD);
    return Math.min(MAX_HELD_CHUNKS, share) - this.#chunks;
  }

  #richestBut(flow: number): number {
    let richest = flow === 0 ? 1 : 0;
    for (let other = 0; other < FLOWS; other++) {
      if (other !== flow && (this.#chunksOf[other] as number) > (this.#chunksOf[richest] as number)) richest = other;
    }
    return richest;
  }

  #removeOldest(flow: number): void {
    const { store } = this.#deps;
    const frame = this.#oldest[flow] as number;
    const chunks = chunksFor((store.frameBytes[frame] as number) - VNET_HEADER_BYTES);
    this.#oldest[flow] = store.nextFrame[frame] as number;
    this.#chunksOf[flow] = (this.#chunksOf[flow] as number) - chunks;
    this.#chunks -= chunks;
    this.#frames--;
    store.release(frame);
  }
}
