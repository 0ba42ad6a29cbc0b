import { Drop, type DropReason } from "../base/drop-reason.ts";
import { Frame } from "../wire/frame.ts";
import { OFFLOAD_ALL, type OffloadSet } from "../wire/offload.ts";
import { encodeMessage, type OpcodeValue } from "../wire/websocket.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import { BatchWriter } from "./batch-writer.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { ConnectionDeps } from "./connection-deps.ts";
import { EgressQueue } from "./egress-queue.ts";
import { MessageWriter } from "./message-writer.ts";

export interface FrameSenderDeps {
  readonly shared: ConnectionDeps;
  readonly stream: ByteStream;
  /** A frame of a batch was dropped. */
  readonly onDrop: (reason: DropReason) => void;
}

export interface FrameSenderOptions {
  readonly role: "server" | "client";
  readonly dialect: Dialect;
  readonly maxQueuedBytes: number;
}

/** The sending half of a connection: frames and control messages become bytes for the stream, in order. */
export class FrameSender {
  readonly #deps: FrameSenderDeps;
  readonly #options: FrameSenderOptions;
  readonly #queue: EgressQueue;
  readonly #writer: MessageWriter;
  readonly #batches: BatchWriter;
  readonly #frame = new Frame(new Uint8Array(0));

  constructor(deps: FrameSenderDeps, options: FrameSenderOptions) {
    const { shared, stream } = deps;
    const { pools, segmenter, mask, maskKeys } = shared;
    const { role, dialect, maxQueuedBytes } = options;
    this.#deps = deps;
    this.#options = options;
    this.#queue = new EgressQueue({ stream, pools }, { maxQueuedBytes });
    const keys = role === "client" ? maskKeys : undefined;
    this.#writer = new MessageWriter({ queue: this.#queue, segmenter, maskKeys: keys, mask }, dialect);
    this.#batches = new BatchWriter({ stream, maskKeys, mask });
  }

  /** What the peer takes beyond ordinary frames. */
  get peerOffloads(): OffloadSet {
    return this.#writer.peerOffloads;
  }

  set peerOffloads(offloads: OffloadSet) {
    this.#writer.peerOffloads = offloads;
  }

  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  /** Queues a copy of the frame. */
  send(frame: Frame): DropReason {
    return this.#writer.write(frame);
  }

  /** Sends what is queued, as far as the stream takes it. */
  flush(): void {
    this.#queue.flush();
  }

  /** Sends the frames of a device's batch; see `WebSocketConnection.sendBatch`. */
  sendBatch(bytes: Uint8Array, spans: Uint32Array, count: number): boolean {
    if (this.#isFree()) return this.#batches.write(bytes, spans, count);
    for (let i = 0; i < count; i++) {
      const frame = this.#frame.set(bytes, spans[2 * i] as number, spans[2 * i + 1] as number, true);
      const drop = this.#writer.write(frame);
      if (drop !== Drop.none) this.#deps.onDrop(drop);
    }
    this.#queue.flush();
    return true;
  }

  /** Queues a control frame or text. False if the queue has no room for it: the peer is not reading anyway. */
  queueMessage(opcode: OpcodeValue, payload: Uint8Array): boolean {
    const { mask, maskKeys } = this.#deps.shared;
    const key = this.#options.role === "client" ? maskKeys.next() : undefined;
    return this.#queue.append(encodeMessage(opcode, payload, key, mask));
  }

  /** The write under way is done; to be called on the stream's `onDrained`. */
  drained(): void {
    this.#queue.drained();
  }

  /** Drops what waits and gives its memory back. */
  close(): void {
    this.#queue.close();
  }

  /** Whether a batch may leave in place: nothing waits before it, and the peer takes every frame as it is. */
  #isFree(): boolean {
    const { role, dialect } = this.#options;
    return (
      dialect === "v2" &&
      role === "client" &&
      this.peerOffloads === OFFLOAD_ALL &&
      this.#queue.queuedBytes === 0 &&
      !this.#deps.stream.writing
    );
  }
}
