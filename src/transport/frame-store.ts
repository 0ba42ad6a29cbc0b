import { copyBytes } from "../wire/copy.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";

export interface FrameStoreOptions {
  /** Most memory for all frames that wait in the process, in chunks. */
  readonly maxChunks: number;
}

export const CHUNK_BYTES = 2_048;
/** 512 KiB: one allocation of the process, and what it gives back when nothing is in it. */
const CHUNKS_PER_ARENA = 256;
const ARENA_SHIFT = 8;

/** 128 MiB: at least thirty peers that take nothing, each at its bound. */
export const FRAME_STORE_DEFAULTS: FrameStoreOptions = { maxChunks: 64 * 1_024 };

const NONE = -1;

/**
 * Frames that wait, each with its virtio-net header before it, as a chain of chunks:
 *
 *     │ virtio_net_hdr │ frame ··· │ ─► │ ··· frame ··· │ ─► │ ··· frame   │
 *       first chunk, by which the frame is known              last chunk
 *
 * A frame of the usual size is one chunk; a super-frame wastes less than one. What is known of a frame lies in typed
 * arrays beside the chunks, so that a waiting frame is no object. Chunks come in arenas, made when they are needed and
 * given up when they are empty; the lowest are used first, so that the high ones become empty.
 */
export class FrameStore {
  /** For whoever queues frames: the one behind this, by first chunks. */
  readonly nextFrame: Int32Array;
  /** When it was put here, in the clock's milliseconds. */
  readonly arrivalMs: Float64Array;
  /** Length with its virtio-net header. */
  readonly frameBytes: Int32Array;
  /** 1 if another frame in the store stands for this part of it. */
  readonly isPart: Uint8Array;
  readonly #nextChunk: Int32Array;
  readonly #arenas: (Buffer | undefined)[];
  /** Of each arena: its first free chunk, and how many are in use. */
  readonly #free: Int32Array;
  readonly #used: Int32Array;
  readonly #maxChunks: number;
  /** No arena below this one has a free chunk. */
  #lowest = 0;
  #usedChunks = 0;
  #emptyArenas = 0;

  constructor({ maxChunks }: FrameStoreOptions = FRAME_STORE_DEFAULTS) {
    const arenas = Math.ceil(maxChunks / CHUNKS_PER_ARENA);
    const chunks = arenas * CHUNKS_PER_ARENA;
    this.#maxChunks = maxChunks;
    this.nextFrame = new Int32Array(chunks);
    this.arrivalMs = new Float64Array(chunks);
    this.frameBytes = new Int32Array(chunks);
    this.isPart = new Uint8Array(chunks);
    this.#nextChunk = new Int32Array(chunks);
    this.#arenas = new Array<Buffer | undefined>(arenas).fill(undefined);
    this.#free = new Int32Array(arenas).fill(NONE);
    this.#used = new Int32Array(arenas);
  }

  /** Chunks that are still to be had. */
  get availableChunks(): number {
    return this.#maxChunks - this.#usedChunks;
  }

  /** Bytes of memory that the store holds, used or not. */
  get heldBytes(): number {
    let arenas = 0;
    for (const arena of this.#arenas) if (arena !== undefined) arenas++;
    return arenas * CHUNKS_PER_ARENA * CHUNK_BYTES;
  }

  /**
   * Keeps a copy of the frame in [start, end), with the virtio-net header before `start`, or with an empty one. Answers
   * the frame's first chunk. The caller has seen that there are `chunksFor` it.
   */
  put(bytes: Uint8Array, start: number, end: number, hasVnetHeader: boolean, nowMs: number): number {
    const first = this.#take();
    const at = (first & (CHUNKS_PER_ARENA - 1)) * CHUNK_BYTES;
    const arena = this.#arenaOf(first);
    if (hasVnetHeader) copyBytes(bytes, start - VNET_HEADER_BYTES, start, arena, at);
    else arena.fill(0, at, at + VNET_HEADER_BYTES);
    let from = Math.min(end, start + CHUNK_BYTES - VNET_HEADER_BYTES);
    copyBytes(bytes, start, from, arena, at + VNET_HEADER_BYTES);
    for (let last = first; from < end; ) {
      const chunk = this.#take();
      const to = Math.min(end, from + CHUNK_BYTES);
      copyBytes(bytes, from, to, this.#arenaOf(chunk), (chunk & (CHUNKS_PER_ARENA - 1)) * CHUNK_BYTES);
      this.#nextChunk[last] = chunk;
      last = chunk;
      from = to;
    }
    this.nextFrame[first] = NONE;
    this.arrivalMs[first] = nowMs;
    this.frameBytes[first] = end - start + VNET_HEADER_BYTES;
    return first;
  }

  /** Copies the frame, virtio-net header first, but for its first `skippedBytes`, to `to` at `at`. */
  copy(first: number, to: Uint8Array, at: number, skippedBytes = 0): void {
    let chunk = first;
    let skip = skippedBytes;
    let put = at;
    for (let left = this.frameBytes[first] as number; left > 0; left -= CHUNK_BYTES) {
      const offset = (chunk & (CHUNKS_PER_ARENA - 1)) * CHUNK_BYTES;
      const end = offset + Math.min(left, CHUNK_BYTES);
      copyBytes(this.#arenaOf(chunk), offset + skip, end, to, put);
      put += end - offset - skip;
      skip = 0;
      chunk = this.#nextChunk[chunk] as number;
    }
  }

  /** Forgets the frame. */
  release(first: number): void {
    let chunk = first;
    for (let left = this.frameBytes[first] as number; left > 0; left -= CHUNK_BYTES) {
      const next = this.#nextChunk[chunk] as number;
      this.#give(chunk);
      chunk = next;
    }
  }

  /** Where the frame's headers can be changed: `headersAt` in this, up to `headersEnd`. */
  headers(first: number): Uint8Array {
    return this.#arenaOf(first);
  }

  headersAt(first: number): number {
    return (first & (CHUNKS_PER_ARENA - 1)) * CHUNK_BYTES + VNET_HEADER_BYTES;
  }

  headersEnd(first: number): number {
    const bytes = Math.min(this.frameBytes[first] as number, CHUNK_BYTES);
    return (first & (CHUNKS_PER_ARENA - 1)) * CHUNK_BYTES + bytes;
  }

  #arenaOf(chunk: number): Buffer {
    return this.#arenas[chunk >>> ARENA_SHIFT] as Buffer;
  }

  #take(): number {
    while ((this.#free[this.#lowest] as number) === NONE && this.#arenas[this.#lowest] !== undefined) this.#lowest++;
    const arena = this.#lowest;
    if (this.#arenas[arena] === undefined) this.#make(arena);
    const chunk = this.#free[arena] as number;
    this.#free[arena] = this.#nextChunk[chunk] as number;
    if (this.#used[arena] === 0) this.#emptyArenas--;
    (this.#used[arena] as number)++;
    this.#usedChunks++;
    return chunk;
  }

  #give(chunk: number): void {
    const arena = chunk >>> ARENA_SHIFT;
    this.#nextChunk[chunk] = this.#free[arena] as number;
    this.#free[arena] = chunk;
    (this.#used[arena] as number)--;
    this.#usedChunks--;
    this.#lowest = Math.min(this.#lowest, arena);
    if (this.#used[arena] === 0 && ++this.#emptyArenas > 1) this.#drop(arena);
  }

  #make(arena: number): void {
    const first = arena * CHUNKS_PER_ARENA;
    for (let i = 0; i < CHUNKS_PER_ARENA; i++) this.#nextChunk[first + i] = first + i + 1;
    this.#nextChunk[first + CHUNKS_PER_ARENA - 1] = NONE;
    this.#free[arena] = first;
    this.#arenas[arena] = Buffer.allocUnsafeSlow(CHUNKS_PER_ARENA * CHUNK_BYTES);
    this.#emptyArenas++;
  }

  /** One empty arena is kept, so that a queue that comes and goes does not allocate each time. */
  #drop(arena: number): void {
    this.#arenas[arena] = undefined;
    this.#free[arena] = NONE;
    this.#emptyArenas--;
  }
}

/** Chunks that a frame of this length takes, virtio-net header not counted in. */
export function chunksFor(frameBytes: number): number {
  return Math.ceil((frameBytes + VNET_HEADER_BYTES) / CHUNK_BYTES);
}
