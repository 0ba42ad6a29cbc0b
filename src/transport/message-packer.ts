import { copyBytes } from "../wire/copy.ts";
import type { MaskBytes } from "../wire/mask.ts";
import { clearVnetHeader, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { headerBytes, Opcode, writeHeaderBefore, writeMaskedHeaderBefore } from "../wire/websocket.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";
import type { EgressQueue } from "./egress-queue.ts";
import type { FlowQueue } from "./flow-queue.ts";
import type { MaskKeys } from "./mask-keys.ts";

export interface MessagePackerDeps {
  readonly queue: EgressQueue;
  /** Present on the client's side, where messages are masked. */
  readonly maskKeys: MaskKeys | undefined;
  readonly mask: MaskBytes;
}

/**
 * Frames to WebSocket messages, one each, behind each other in the egress queue's buffers:
 *
 *     v2   │ WebSocket header │ virtio_net_hdr (10) │ Ethernet frame │
 *     v1   │ WebSocket header │ Ethernet frame │
 */
export class MessagePacker {
  readonly #queue: EgressQueue;
  readonly #maskKeys: MaskKeys | undefined;
  readonly #mask: MaskBytes;
  /** Bytes of a message in front of its frame. */
  readonly #prefixBytes: number;

  constructor(deps: MessagePackerDeps, dialect: Dialect) {
    this.#queue = deps.queue;
    this.#maskKeys = deps.maskKeys;
    this.#mask = deps.mask;
    this.#prefixBytes = dialect === "v2" ? VNET_HEADER_BYTES : 0;
  }

  /**
   * Packs the frame in [start, end); v2 with the virtio-net header before it, or an empty one. `isPart`: it is a later part
   * of the one before. False if there is no room.
   */
  pack(bytes: Uint8Array, start: number, end: number, hasVnetHeader: boolean, isPart: boolean): boolean {
    const payloadBytes = this.#prefixBytes + end - start;
    const payloadAt = this.#reserve(payloadBytes, isPart);
    if (payloadAt < 0) return false;
    const { buffer } = this.#queue;
    if (this.#prefixBytes > 0 && hasVnetHeader) {
      copyBytes(bytes, start - VNET_HEADER_BYTES, end, buffer, payloadAt);
    } else {
      if (this.#prefixBytes > 0) clearVnetHeader(buffer, payloadAt);
      copyBytes(bytes, start, end, buffer, payloadAt + this.#prefixBytes);
    }
    this.#finish(buffer, payloadAt, payloadBytes);
    return true;
  }

  /** Packs the frame that `waiting` has chosen, of `bytes` bytes with its virtio-net header. False if there is no room. */
  packNext(waiting: FlowQueue, bytes: number): boolean {
    const skippedBytes = VNET_HEADER_BYTES - this.#prefixBytes;
    const payloadAt = this.#reserve(bytes - skippedBytes, waiting.isNextPart);
    if (payloadAt < 0) return false;
    waiting.take(this.#queue.buffer, payloadAt, skippedBytes);
    this.#finish(this.#queue.buffer, payloadAt, bytes - skippedBytes);
    return true;
  }

  #reserve(payloadBytes: number, isPart: boolean): number {
    const header = headerBytes(payloadBytes, this.#maskKeys !== undefined);
    const at = this.#queue.reserve(header + payloadBytes, isPart ? 0 : 1, payloadBytes - this.#prefixBytes);
    return at < 0 ? at : at + header;
  }

  #finish(buffer: Uint8Array, payloadAt: number, payloadBytes: number): void {
    if (this.#maskKeys === undefined) {
      writeHeaderBefore(buffer, payloadAt, payloadBytes, Opcode.binary);
      return;
    }
    const key = this.#maskKeys.next();
    writeMaskedHeaderBefore(buffer, payloadAt, payloadBytes, Opcode.binary, key);
    this.#mask(buffer, payloadAt, payloadAt + payloadBytes, key);
  }
}
