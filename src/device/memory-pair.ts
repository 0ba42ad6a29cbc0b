/**
 * Two devices joined back to back in memory: what one writes, the other reads in a later turn of the loop. Keeps the
 * contract of a TAP (test/contract/device.test.ts), so that everything above can be tested without privileges.
 */
import { copyBytes } from "../wire/copy.ts";
import { ETHERNET_HEADER_BYTES } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import type { Mac } from "../wire/mac.ts";
import { OFFLOAD_ALL, type OffloadSet } from "../wire/offload.ts";
import { clearVnetHeader, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { type Device, type DeviceHandlers, type FrameBatch, HEADROOM } from "./device.ts";
import { ENTRY_HAS_VNET_HEADER, ENTRY_REFUSED, ENTRY_WORDS, WriteBatch } from "./write-batch.ts";

export interface MemoryPairOptions {
  readonly names: readonly [string, string];
  readonly macs: readonly [Mac, Mac];
  readonly mtu: number;
  readonly offloads: OffloadSet;
  /** Frames that wait for a reader; more are refused to the writer. */
  readonly queueFrames: number;
  /** Bytes that wait for a reader, headers and headroom counted; more are refused to the writer. */
  readonly queueBytes: number;
}

const MEMORY_PAIR_DEFAULTS = Object.freeze<MemoryPairOptions>({
  names: ["left", "right"],
  macs: ["02:00:00:00:00:01" as Mac, "02:00:00:00:00:02" as Mac],
  mtu: 1500,
  offloads: OFFLOAD_ALL,
  queueFrames: 512,
  queueBytes: 512 * 1024,
});

/** One direction's waiting frames, laid out as a batch. */
class FrameQueue implements FrameBatch {
  readonly bytes: Uint8Array;
  readonly spans: Uint32Array;
  count = 0;
  #cursor = 0;

  constructor({ queueBytes, queueFrames }: MemoryPairOptions) {
    this.bytes = new Uint8Array(queueBytes);
    this.spans = new Uint32Array(2 * queueFrames);
  }

  /** Copies the entry's frame behind the others; false if it has no room or is no frame. */
  push(source: Uint8Array, entries: Uint32Array, entry: number): boolean {
    const from = entries[entry] as number;
    const to = entries[entry + 1] as number;
    const hasVnetHeader = ((entries[entry + 2] as number) & ENTRY_HAS_VNET_HEADER) !== 0;
    const start = this.#cursor + HEADROOM + VNET_HEADER_BYTES;
    const end = start + to - from;
    if (to - from < ETHERNET_HEADER_BYTES || to > source.length) return false;
    if (hasVnetHeader && from < VNET_HEADER_BYTES) return false;
    if (end > this.bytes.length || 2 * this.count === this.spans.length) return false;
    if (hasVnetHeader) copyBytes(source, from - VNET_HEADER_BYTES, from, this.bytes, start - VNET_HEADER_BYTES);
    else clearVnetHeader(this.bytes, start - VNET_HEADER_BYTES);
    copyBytes(source, from, to, this.bytes, start);
    this.spans[2 * this.count] = start;
    this.spans[2 * this.count + 1] = end;
    this.#cursor = end;
    this.count++;
    return true;
  }

  clear(): void {
    this.count = 0;
    this.#cursor = 0;
  }
}

/** One end of the pair. */
export class MemoryDevice implements Device {
  readonly name: string;
  readonly mac: Mac;
  mtu: number;
  readonly offloads: OffloadSet;
  readonly #batch = new WriteBatch((bytes, entries, count) => this.#writeOut(bytes, entries, count));
  /** Takes what the peer writes; swapped with `#delivered` when it is read, so both may be in use at once. */
  #arriving: FrameQueue;
  #delivered: FrameQueue;
  #peer: MemoryDevice | undefined;
  #handlers: DeviceHandlers | undefined;
  #paused = false;
  #closed = false;
  #scheduled = false;

  constructor(side: 0 | 1, options: MemoryPairOptions) {
    this.name = options.names[side];
    this.mac = options.macs[side];
    this.mtu = options.mtu;
    this.offloads = options.offloads;
    this.#arriving = new FrameQueue(options);
    this.#delivered = new FrameQueue(options);
  }

  /** Makes `peer` the reader of what is written here. */
  join(peer: MemoryDevice): void {
    this.#peer = peer;
  }

  setMtu(bytes: number): void {
    this.mtu = bytes;
  }

  get refused(): number {
    return this.#batch.refused;
  }

  get refusedBytes(): number {
    return this.#batch.refusedBytes;
  }

  start(handlers: DeviceHandlers): void {
    this.#handlers = handlers;
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#canDeliver()) return;
    this.#scheduled = true;
    setImmediate(this.#deliver);
  }

  #canDeliver(): boolean {
    return this.#handlers !== undefined && !this.#paused && !this.#closed && this.#arriving.count > 0;
  }

  readonly #deliver = (): void => {
    this.#scheduled = false;
    if (!this.#canDeliver()) return;
    const batch = this.#arriving;
    this.#arriving = this.#delivered;
    this.#arriving.clear();
    this.#delivered = batch;
    this.#handlers?.onBatch(batch);
    this.#schedule();
  };

  write(frame: Frame): void {
    this.#batch.write(frame);
  }

  flush(): number {
    return this.#batch.flush();
  }

  #writeOut(bytes: Uint8Array, entries: Uint32Array, count: number): number {
    const peer = this.#closed ? undefined : this.#peer;
    const queue = peer === undefined ? undefined : peer.#arriving;
    let refused = 0;
    for (let entry = 0; entry < ENTRY_WORDS * count; entry += ENTRY_WORDS) {
      if (queue?.push(bytes, entries, entry)) continue;
      (entries[entry + 2] as number) |= ENTRY_REFUSED;
      refused++;
    }
    if (peer !== undefined) peer.#schedule();
    return refused;
  }

  /** Ends this device as a kernel would that lost it. */
  fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#handlers?.onError(error);
  }

  close(): void {
    this.#closed = true;
  }
}

/** Makes both ends. The queue of each is bounded; what is too much for it is refused and counted with the writer. */
export function memoryPair(options: Partial<MemoryPairOptions> = {}): readonly [MemoryDevice, MemoryDevice] {
  const complete = { ...MEMORY_PAIR_DEFAULTS, ...options };
  const left = new MemoryDevice(0, complete);
  const right = new MemoryDevice(1, complete);
  left.join(right);
  right.join(left);
  return [left, right];
}
