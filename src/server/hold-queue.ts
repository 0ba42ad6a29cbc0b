import { Drop, type DropReason } from "../base/drop-reason.ts";
import { copyBytes } from "../wire/copy.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { flowHash } from "../wire/flow.ts";
import { Frame } from "../wire/frame.ts";
import { clearVnetHeader, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";

/** What a session may hold for a client that is not there: what a broken line takes with it, and its repetitions. */
export const MAX_HELD_BYTES = 256 * 1024;

/** What is older when the client is back is of no use to anybody; TCP has repeated it meanwhile. */
export const MAX_HELD_MS = 10_000;

/** Memory is given out in these: an acknowledgement takes one, a full frame three. */
const CELL_BYTES = 512;
/** Cells that memory grows by: a session that is told nothing but ARP takes 16 KiB. */
const CELLS_PER_CHUNK = 32;
const CELLS = MAX_HELD_BYTES / CELL_BYTES;
const FLOWS = 64;
const NONE = -1;

export interface HoldQueueDeps {
  /** A frame that was taken is lost after all. */
  readonly onLost: (reason: DropReason) => void;
}

/**
 * Frames for a session that has no connection at the moment, each with a virtio-net header before it. When it is full the
 * flow that has most loses its oldest frame: of each flow the newest are kept, and of a flow that waits for an answer
 * that is its last repetition, which is just what sets it going again.
 *
 *     flow ── head ─► frame ── next ─► frame ◄─ tail          frame: cell ── rest ─► cell ── rest ─► cell
 */
export class HoldQueue {
  readonly #deps: HoldQueueDeps;
  readonly #seed: number;
  readonly #chunks: Uint8Array[] = [];
  /** By flow: its oldest and newest frame, each known by its first cell, and how many cells it has. */
  readonly #head = new Int16Array(FLOWS).fill(NONE);
  readonly #tail = new Int16Array(FLOWS).fill(NONE);
  readonly #cellsOf = new Int16Array(FLOWS);
  /** By cell: the next cell of the same frame, or the next free one. */
  readonly #rest = new Int16Array(CELLS).fill(NONE);
  /** By the first cell of a frame: the next frame of its flow, its bytes, when it came. */
  readonly #next = new Int16Array(CELLS).fill(NONE);
  readonly #bytes = new Uint32Array(CELLS);
  readonly #cameMs = new Float64Array(CELLS);
  #free = NONE;
  #freeCells = CELLS;
  #frames = 0;

  /** `seed`: 32 random bits for the hash of flows. */
  constructor(deps: HoldQueueDeps, seed: number) {
    this.#deps = deps;
    this.#seed = seed;
  }

  /** Frames that wait. */
  get frames(): number {
    return this.#frames;
  }

  /** Copies the frame; Drop.egressFull if there is no room that it could have. */
  take(frame: Frame, nowMs: number): DropReason {
    const length = frame.end - frame.start;
    if (length > MAX_FRAME_BYTES) return Drop.tooBig;
    const bytes = VNET_HEADER_BYTES + length;
    const flow = flowHash(frame.bytes, frame.start, frame.end, this.#seed) % FLOWS;
    const cells = Math.ceil(bytes / CELL_BYTES);
    if (!this.#makeRoom(flow, cells)) return Drop.egressFull;
    const first = this.#store(frame, bytes);
    this.#bytes[first] = bytes;
    this.#cameMs[first] = nowMs;
    this.#append(flow, first, cells);
    return Drop.none;
  }

  /** Gives out what waits and is not stale, flow by flow, each in its order. The Frame is borrowed. Empty afterwards. */
  drainTo(send: (frame: Frame) => DropReason, nowMs: number): void {
    const scratch = new Uint8Array(CELL_BYTES * Math.ceil((VNET_HEADER_BYTES + MAX_FRAME_BYTES) / CELL_BYTES));
    const frame = new Frame(scratch);
    for (let flow = 0; flow < FLOWS; flow++) {
      for (let first = this.#head[flow] as number; first !== NONE; first = this.#head[flow] as number) {
        const isStale = nowMs - (this.#cameMs[first] as number) > MAX_HELD_MS;
        const drop = isStale ? Drop.portClosed : send(this.#load(first, frame));
        if (drop !== Drop.none) this.#deps.onLost(drop);
        this.#removeOldest(flow);
      }
    }
  }

  /** Takes the oldest frames of the flow that has most until there is room; false if that is the newcomer's, with nothing left. */
  #makeRoom(flow: number, cells: number): boolean {
    while (this.#freeCells < cells) {
      const richest = this.#richestBut(flow);
      const isOwn = (this.#cellsOf[flow] as number) + cells >= (this.#cellsOf[richest] as number);
      const loser = isOwn ? flow : richest;
      if (this.#head[loser] === NONE) return false;
      this.#removeOldest(loser);
      this.#deps.onLost(Drop.egressFull);
    }
    return true;
  }

  #richestBut(flow: number): number {
    let richest = flow === 0 ? 1 : 0;
    for (let other = 0; other < FLOWS; other++) {
      if (other !== flow && (this.#cellsOf[other] as number) > (this.#cellsOf[richest] as number)) richest = other;
    }
    return richest;
  }

  /** Returns the first cell. */
  #store({ bytes, start, end, hasVnetHeader }: Frame, total: number): number {
    const first = this.#takeCell();
    const chunk = this.#chunkOf(first);
    const at = offsetOf(first);
    if (hasVnetHeader) copyBytes(bytes, start - VNET_HEADER_BYTES, start, chunk, at);
    else clearVnetHeader(chunk, at);
    const firstEnd = Math.min(end, start + CELL_BYTES - VNET_HEADER_BYTES);
    copyBytes(bytes, start, firstEnd, chunk, at + VNET_HEADER_BYTES);
    let last = first;
    for (let from = firstEnd; from < end; from += CELL_BYTES) {
      const cell = this.#takeCell();
      this.#rest[last] = cell;
      copyBytes(bytes, from, Math.min(end, from + CELL_BYTES), this.#chunkOf(cell), offsetOf(cell));
      last = cell;
    }
    this.#freeCells -= Math.ceil(total / CELL_BYTES);
    return first;
  }

  #load(first: number, frame: Frame): Frame {
    const bytes = this.#bytes[first] as number;
    let at = 0;
    for (let cell = first; cell !== NONE; cell = this.#rest[cell] as number, at += CELL_BYTES) {
      const from = offsetOf(cell);
      const until = from + Math.min(CELL_BYTES, bytes - at);
      copyBytes(this.#chunkOf(cell), from, until, frame.bytes, at);
    }
    return frame.set(frame.bytes, VNET_HEADER_BYTES, bytes, true);
  }

  #append(flow: number, first: number, cells: number): void {
    const tail = this.#tail[flow] as number;
    if (tail === NONE) this.#head[flow] = first;
    else this.#next[tail] = first;
    this.#tail[flow] = first;
    this.#cellsOf[flow] = (this.#cellsOf[flow] as number) + cells;
    this.#frames++;
  }

  #removeOldest(flow: number): void {
    const first = this.#head[flow] as number;
    const after = this.#next[first] as number;
    const cells = Math.ceil((this.#bytes[first] as number) / CELL_BYTES);
    this.#next[first] = NONE;
    this.#head[flow] = after;
    if (after === NONE) this.#tail[flow] = NONE;
    this.#cellsOf[flow] = (this.#cellsOf[flow] as number) - cells;
    this.#frames--;
    this.#giveBack(first, cells);
  }

  #giveBack(first: number, cells: number): void {
    let last = first;
    while (this.#rest[last] !== NONE) last = this.#rest[last] as number;
    this.#rest[last] = this.#free;
    this.#free = first;
    this.#freeCells += cells;
  }

  #takeCell(): number {
    if (this.#free === NONE) this.#grow();
    const cell = this.#free;
    this.#free = this.#rest[cell] as number;
    this.#rest[cell] = NONE;
    return cell;
  }

  #grow(): void {
    const first = this.#chunks.length * CELLS_PER_CHUNK;
    this.#chunks.push(new Uint8Array(CELLS_PER_CHUNK * CELL_BYTES));
    for (let cell = first; cell < first + CELLS_PER_CHUNK - 1; cell++) this.#rest[cell] = cell + 1;
    this.#free = first;
  }

  #chunkOf(cell: number): Uint8Array {
    return this.#chunks[Math.floor(cell / CELLS_PER_CHUNK)] as Uint8Array;
  }
}

/** Of a cell, in its chunk. */
function offsetOf(cell: number): number {
  return (cell % CELLS_PER_CHUNK) * CELL_BYTES;
}
