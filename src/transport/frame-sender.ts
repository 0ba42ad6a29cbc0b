import { Drop, type DropReason } from "../base/drop-reason.ts";
import { Frame } from "../wire/frame.ts";
import { OFFLOAD_ALL, type OffloadSet } from "../wire/offload.ts";
import { encodeMessage, type OpcodeValue } from "../wire/websocket.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { BatchWriter } from "./batch-writer.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { ConnectionDeps } from "./connection-deps.ts";
import { EgressQueue } from "./egress-queue.ts";
import { FlowQueue } from "./flow-queue.ts";
import { MessagePacker } from "./message-packer.ts";
import { MessageWriter } from "./message-writer.ts";
import { SendPace } from "./send-pace.ts";

export interface FrameSenderDeps {
  readonly shared: ConnectionDeps;
  readonly stream: ByteStream;
  /** A frame of a batch was not taken. */
  readonly onDrop: (reason: DropReason, frameBytes: number) => void;
  /** Frames that were taken were dropped before they left. */
  readonly onEgressDrop: (reason: DropReason, frames: number) => void;
  /** Frames that were taken were handed to the socket. */
  readonly onSent: (frames: number, bytes: number) => void;
}

export interface FrameSenderOptions {
  readonly role: "server" | "client";
  readonly dialect: Dialect;
  /** Most bytes that wait, in all. */
  readonly maxQueuedBytes: number;
}

/** More than any message has around its frame: WebSocket header with key, virtio-net header. */
const MESSAGE_OVERHEAD_BYTES = 24;

/**
 * The sending half of a connection:
 *
 *     send ─► cut ─┬─ nothing waits, and little is packed ──────────────► packed ─► socket
 *                  └─ else ──► flow queue: sorted, dropped, marked ─ next ──┘
 *
 * What is packed leaves in order, so it is little: a few milliseconds' worth, by `SendPace`. Control messages are packed
 * at once, before all frames that wait.
 */
export class FrameSender {
  readonly #deps: FrameSenderDeps;
  readonly #options: FrameSenderOptions;
  readonly #pace: SendPace;
  readonly #packed: EgressQueue;
  readonly #packer: MessagePacker;
  readonly #waiting: FlowQueue;
  readonly #writer: MessageWriter;
  readonly #batches: BatchWriter;
  readonly #frame = new Frame(new Uint8Array(0));
  /** Bytes that may be packed. */
  #committedBytes = 0;
  /** Whether the clock was read for the frames that come now. */
  #hasTime = false;

  constructor(deps: FrameSenderDeps, options: FrameSenderOptions) {
    const { shared, stream } = deps;
    const { clock, pools, segmenter, mask, maskKeys, frameStore: store, flowTables: tables } = shared;
    const { role, dialect, maxQueuedBytes } = options;
    this.#deps = deps;
    this.#options = options;
    this.#pace = new SendPace(clock, stream.control);
    stream.hold = (resume) => this.#pace.hold(resume);
    const { onEgressDrop: onDrop, onSent } = deps;
    const onLost = (frames: number): void => onDrop(Drop.portClosed, frames);
    this.#packed = new EgressQueue({ stream, pools, onSent, onLost }, { maxQueuedBytes });
    const keys = role === "client" ? maskKeys : undefined;
    this.#packer = new MessagePacker({ queue: this.#packed, maskKeys: keys, mask }, dialect);
    this.#waiting = new FlowQueue({ clock, store, tables, onDrop });
    this.#waiting.maxBytes = maxQueuedBytes;
    this.#writer = new MessageWriter({ segmenter, sink: this.#sink }, dialect);
    this.#batches = new BatchWriter({ stream, maskKeys, mask });
    this.#adapt();
  }

  /** What the peer takes beyond ordinary frames. */
  get peerOffloads(): OffloadSet {
    return this.#writer.peerOffloads;
  }

  set peerOffloads(offloads: OffloadSet) {
    this.#writer.peerOffloads = offloads;
  }

  get queuedBytes(): number {
    return this.#packed.queuedBytes + this.#waiting.bytes;
  }

  /** Frames that were marked for their senders to slow down. */
  get ecnMarks(): number {
    return this.#waiting.ecnMarks;
  }

  /** Whether a device that feeds this should pause: on a fast path while bytes wait, on a slow one when no more may. */
  get congested(): boolean {
    return this.#pace.isFast ? this.#deps.stream.writing : this.#waiting.isFull;
  }

  /** Takes a copy of the frame. */
  send(frame: Frame): DropReason {
    return this.#writer.write(frame);
  }

  /** Sends what is there, as far as the stream takes it. */
  flush(): void {
    this.#hasTime = false;
    const { stream } = this.#deps;
    while (!stream.writing && this.#pack()) this.#packed.flush();
    if (stream.writing) return;
    this.#pace.idle();
    this.#waiting.rest();
  }

  /** Sends the frames of a device's batch; see `WebSocketConnection.sendBatch`. */
  sendBatch(bytes: Uint8Array, spans: Uint32Array, count: number): boolean {
    if (this.#isFree()) return this.#batches.write(bytes, spans, count);
    for (let i = 0; i < count; i++) {
      const frame = this.#frame.set(bytes, spans[2 * i] as number, spans[2 * i + 1] as number, true);
      const drop = this.#writer.write(frame);
      if (drop !== Drop.none) this.#deps.onDrop(drop, frame.length);
    }
    this.flush();
    return true;
  }

  /** Packs a control frame or text. False if there is no room for it: the peer is not reading anyway. */
  queueMessage(opcode: OpcodeValue, payload: Uint8Array): boolean {
    const { mask, maskKeys } = this.#deps.shared;
    const key = this.#options.role === "client" ? maskKeys.next() : undefined;
    return this.#packed.append(encodeMessage(opcode, payload, key, mask));
  }

  /** The write under way is done; to be called on the stream's `onDrained`. */
  drained(): void {
    this.#pace.drained(this.#deps.stream.takenBytes);
    this.#adapt();
    this.#packed.drained();
    this.flush();
    // Who asks whether it is full asks of what may wait now.
    this.#waiting.maxBytes = this.#maxWaitingBytes;
  }

  /** No frame leaves any more; what is packed does. */
  finish(): void {
    this.#waiting.clear(Drop.portClosed);
  }

  /** Drops what there is and gives its memory back. */
  close(): void {
    this.#packed.close();
    this.finish();
  }

  readonly #sink = (
    bytes: Uint8Array,
    start: number,
    end: number,
    hasVnetHeader: boolean,
    isPart: boolean,
  ): DropReason => {
    if (this.#waiting.isEmpty && this.#mayPack(end - start)) {
      if (this.#packer.pack(bytes, start, end, hasVnetHeader, isPart)) return Drop.none;
    }
    if (!this.#hasTime) this.#waiting.tick();
    this.#hasTime = true;
    this.#waiting.maxBytes = this.#maxWaitingBytes;
    return this.#waiting.push(bytes, start, end, hasVnetHeader, isPart);
  };

  /** Packs what leaves next, as much as may be in order; false if there is nothing to send. */
  #pack(): boolean {
    const waiting = this.#waiting;
    if (waiting.isEmpty) return this.#packed.queuedBytes > 0;
    waiting.tick();
    for (let bytes = waiting.next(); bytes > 0 && this.#mayPack(bytes); bytes = waiting.next()) {
      if (this.#packer.packNext(waiting, bytes)) continue;
      if (this.#packed.queuedBytes > 0) break;
      // There is no memory for it, and nothing under way whose end would have us look again: it must not stand in the way.
      waiting.dropNext(Drop.egressFull);
    }
    return this.#packed.queuedBytes > 0;
  }

  /** All but what is packed. */
  get #maxWaitingBytes(): number {
    return this.#options.maxQueuedBytes - this.#packed.queuedBytes;
  }

  #mayPack(frameBytes: number): boolean {
    const { queuedBytes } = this.#packed;
    return queuedBytes === 0 || queuedBytes + frameBytes + MESSAGE_OVERHEAD_BYTES <= this.#committedBytes;
  }

  #adapt(): void {
    const { maxPieceBytes, targetMs, intervalMs, committedBytes } = this.#pace;
    this.#writer.maxPieceBytes = maxPieceBytes;
    this.#waiting.adapt(targetMs, intervalMs);
    this.#committedBytes = committedBytes;
  }

  /** Whether a batch may leave in place: nothing waits before it, and the peer takes every frame as it is. */
  #isFree(): boolean {
    const { role, dialect } = this.#options;
    return (
      dialect === "v2" &&
      role === "client" &&
      this.peerOffloads === OFFLOAD_ALL &&
      this.#pace.isFast &&
      this.queuedBytes === 0 &&
      !this.#deps.stream.writing
    );
  }
}
