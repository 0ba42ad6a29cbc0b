import { Drop, type DropReason } from "../base/drop-reason.ts";
import { copyBytes } from "../wire/copy.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { Offload, type OffloadSet } from "../wire/offload.ts";
import type { Segmenter } from "../wire/segment.ts";
import { clearVnetHeader, requiredOffloads, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { headerBytes, Opcode, writeHeaderBefore, writeMaskedHeaderBefore } from "../wire/websocket.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import type { EgressQueue } from "./egress-queue.ts";
import type { MaskKeys } from "./mask-keys.ts";

/** The largest frame a v1 peer is given: 1500 bytes of payload, header, one VLAN tag. The C client cuts at its buffer. */
const V1_MAX_FRAME_BYTES = 1518;
/** The largest segment for a v2 peer without offload; it may have jumbo frames. */
const V2_MAX_SEGMENT_BYTES = 9_018;

export interface MessageWriterDeps {
  readonly queue: EgressQueue;
  readonly segmenter: Segmenter;
  /** Present on the client's side, where messages are masked. */
  readonly maskKeys: MaskKeys | undefined;
  readonly mask: MaskBytes;
}

/**
 * Frames to WebSocket messages, one each, copied once into the egress queue:
 *
 *     v2   │ WebSocket header │ virtio_net_hdr (10) │ Ethernet frame │      the bytes as they came, super-frames whole
 *     v1   │ WebSocket header │ Ethernet frame │                            segmented and summed first if need be
 */
export class MessageWriter {
  /** What the peer takes beyond ordinary frames. A v2 peer says so in its first message; nothing until then. */
  peerOffloads: OffloadSet = Offload.none;
  readonly #queue: EgressQueue;
  readonly #segmenter: Segmenter;
  readonly #maskKeys: MaskKeys | undefined;
  readonly #mask: MaskBytes;
  readonly #isV2: boolean;
  #segmentsLost = 0;

  constructor(deps: MessageWriterDeps, dialect: Dialect) {
    this.#queue = deps.queue;
    this.#segmenter = deps.segmenter;
    this.#maskKeys = deps.maskKeys;
    this.#mask = deps.mask;
    this.#isV2 = dialect === "v2";
  }

  /** Queues the frame, in segments if the peer needs that. The bytes are copied before this returns. */
  write(frame: Frame): DropReason {
    // A v1 message may be larger than any frame, and would be larger than any message with a virtio-net header before it.
    if (frame.end - frame.start > MAX_FRAME_BYTES) return Drop.tooBig;
    if ((requiredOffloads(frame) & ~this.peerOffloads) !== 0) return this.#segment(frame);
    if (!this.#isV2) {
      if (frame.end - frame.start > V1_MAX_FRAME_BYTES) return Drop.tooBig;
      return this.#message(frame.bytes, frame.start, frame.end, false) ? Drop.none : Drop.egressFull;
    }
    const start = frame.hasVnetHeader ? frame.start - VNET_HEADER_BYTES : frame.start;
    return this.#message(frame.bytes, start, frame.end, !frame.hasVnetHeader) ? Drop.none : Drop.egressFull;
  }

  #segment(frame: Frame): DropReason {
    this.#segmentsLost = 0;
    const drop = this.#segmenter.segment(
      frame,
      this.#isV2 ? V2_MAX_SEGMENT_BYTES : V1_MAX_FRAME_BYTES,
      this.#onSegment,
    );
    if (drop !== Drop.none) return drop;
    return this.#segmentsLost === 0 ? Drop.none : Drop.egressFull;
  }

  readonly #onSegment = (bytes: Uint8Array, start: number, end: number): void => {
    if (!this.#message(bytes, start, end, this.#isV2)) this.#segmentsLost++;
  };

  /** One binary message of an optional empty virtio-net header and bytes[start, end). False if the queue is full. */
  #message(bytes: Uint8Array, start: number, end: number, needsVnetHeader: boolean): boolean {
    const prefixBytes = needsVnetHeader ? VNET_HEADER_BYTES : 0;
    const payloadBytes = prefixBytes + end - start;
    const header = headerBytes(payloadBytes, this.#maskKeys !== undefined);
    const at = this.#queue.reserve(header + payloadBytes);
    if (at < 0) return false;
    const buffer = this.#queue.buffer;
    const payloadAt = at + header;
    if (needsVnetHeader) clearVnetHeader(buffer, payloadAt);
    copyBytes(bytes, start, end, buffer, payloadAt + prefixBytes);
    if (this.#maskKeys === undefined) {
      writeHeaderBefore(buffer, payloadAt, payloadBytes, Opcode.binary);
    } else {
      const key = this.#maskKeys.next();
      writeMaskedHeaderBefore(buffer, payloadAt, payloadBytes, Opcode.binary, key);
      this.#mask(buffer, payloadAt, payloadAt + payloadBytes, key);
    }
    return true;
  }
}
