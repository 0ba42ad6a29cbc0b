import { Drop, type DropReason } from "../base/drop-reason.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { Offload, type OffloadSet } from "../wire/offload.ts";
import type { Segmenter } from "../wire/segment.ts";
import { isSuperFrame, requiredOffloads, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";

/** The largest frame a v1 peer is given: 1500 bytes of payload, header, one VLAN tag. The C client cuts at its buffer. */
const V1_MAX_FRAME_BYTES = 1518;
/** The largest segment for a v2 peer without offload; it may have jumbo frames. */
const V2_MAX_SEGMENT_BYTES = 9_018;

/**
 * Takes a frame that its peer understands, in [start, end) with its virtio-net header before it or none, by a copy.
 * `isPart`: it is a later part of the frame before it.
 */
export type FrameSink = (
  bytes: Uint8Array,
  start: number,
  end: number,
  hasVnetHeader: boolean,
  isPart: boolean,
) => DropReason;

export interface MessageWriterDeps {
  readonly segmenter: Segmenter;
  readonly sink: FrameSink;
}

/** Cuts frames to what the peer takes, and what the path can carry at a time: each is a message of its own then. */
export class MessageWriter {
  /** What the peer takes beyond ordinary frames. A v2 peer says so in its first message; nothing until then. */
  peerOffloads: OffloadSet = Offload.none;
  /** Super-frames larger than this are cut into smaller ones, so that others need not wait for the whole of one. */
  maxPieceBytes = Number.POSITIVE_INFINITY;
  readonly #segmenter: Segmenter;
  readonly #sink: FrameSink;
  readonly #isV2: boolean;
  #parts = 0;
  /** Whether one of the parts was not taken. */
  #isLost = false;
  /** Why the first was not, which stands for the frame where frames are counted. */
  #drop: DropReason = Drop.none;

  constructor(deps: MessageWriterDeps, dialect: Dialect) {
    this.#segmenter = deps.segmenter;
    this.#sink = deps.sink;
    this.#isV2 = dialect === "v2";
  }

  /**
   * Hands the frame on, in segments if the peer needs that, in pieces if it is too large. If the first of them is not taken
   * the frame is lost; if a later one is not, the others behind it are left out.
   */
  write(frame: Frame): DropReason {
    const { bytes, start, end, hasVnetHeader } = frame;
    // A v1 message may be larger than any frame, and would be larger than any message with a virtio-net header before it.
    if (end - start > MAX_FRAME_BYTES) return Drop.tooBig;
    if ((requiredOffloads(frame) & ~this.peerOffloads) !== 0) return this.#segment(frame);
    if (!this.#isV2 && end - start > V1_MAX_FRAME_BYTES) return Drop.tooBig;
    if (end - start > this.maxPieceBytes && hasVnetHeader && isSuperFrame(bytes, start - VNET_HEADER_BYTES)) {
      return this.#split(frame);
    }
    return this.#sink(bytes, start, end, hasVnetHeader, false);
  }

  #segment(frame: Frame): DropReason {
    this.#beginParts();
    const maxBytes = this.#isV2 ? V2_MAX_SEGMENT_BYTES : V1_MAX_FRAME_BYTES;
    const drop = this.#segmenter.segment(frame, maxBytes, this.#onSegment);
    return drop === Drop.none ? this.#drop : drop;
  }

  #split(frame: Frame): DropReason {
    this.#beginParts();
    const drop = this.#segmenter.split(frame, this.maxPieceBytes, this.#onPiece);
    return drop === Drop.none ? this.#drop : drop;
  }

  #beginParts(): void {
    this.#parts = 0;
    this.#isLost = false;
    this.#drop = Drop.none;
  }

  readonly #onSegment = (bytes: Uint8Array, start: number, end: number): void => this.#part(bytes, start, end, false);

  readonly #onPiece = (bytes: Uint8Array, start: number, end: number): void => this.#part(bytes, start, end, true);

  #part(bytes: Uint8Array, start: number, end: number, hasVnetHeader: boolean): void {
    if (this.#isLost) return;
    const drop = this.#sink(bytes, start, end, hasVnetHeader, this.#parts > 0);
    if (this.#parts === 0) this.#drop = drop;
    this.#isLost = drop !== Drop.none;
    this.#parts++;
  }
}
