import type { MaskBytes } from "../wire/mask.ts";
import { VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import { Opcode, writeMaskedHeaderBefore } from "../wire/websocket.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { MaskKeys } from "./mask-keys.ts";

/**
 * The client's fast path: a batch of frames becomes masked v2 messages in the buffer it was read into, without a copy.
 * Each header is written into the headroom before its frame. The device leaves the same headroom before all frames,
 * headers differ in size, so gaps remain between messages:
 *
 *     ┌─┬────┬──────────┬──┬────┬──────────┬────┬────────────────
 *     │ │ hd │ payload  │  │ hd │ payload  │ hd…│
 *     └─┴────┴──────────┴──┴────┴──────────┴────┴────────────────
 *                        ^^ a gap
 *
 * A small message is moved down over the gap in front of it; before a large one the run ends and a new one begins. The
 * runs of a batch leave in one system call. Where several runs would be joined by a copy anyway, all are moved.
 */
const MOVE_AT_MOST_BYTES = 2_048;

export class BatchWriter {
  readonly #stream: ByteStream;
  readonly #maskKeys: MaskKeys;
  readonly #mask: MaskBytes;
  readonly #moveAtMostBytes: number;
  readonly #runs: Uint8Array[] = [];

  constructor(deps: { readonly stream: ByteStream; readonly maskKeys: MaskKeys; readonly mask: MaskBytes }) {
    this.#stream = deps.stream;
    this.#maskKeys = deps.maskKeys;
    this.#mask = deps.mask;
    this.#moveAtMostBytes = deps.stream.joinsPieces ? Number.POSITIVE_INFINITY : MOVE_AT_MOST_BYTES;
  }

  /**
   * Sends frame i, `bytes[spans[2i], spans[2i+1])` with its virtio-net header before it, for i below `count`.
   * Returns true if the bytes are free again, false if they are borrowed until the stream drained.
   */
  write(bytes: Uint8Array, spans: Uint32Array, count: number): boolean {
    this.#runs.length = 0;
    let runStart = 0;
    let runEnd = 0;
    for (let i = 0; i < count; i++) {
      const end = spans[2 * i + 1] as number;
      const start = this.#encode(bytes, (spans[2 * i] as number) - VNET_HEADER_BYTES, end);
      if (runEnd > runStart && end - start <= this.#moveAtMostBytes) {
        bytes.copyWithin(runEnd, start, end);
        runEnd += end - start;
        continue;
      }
      if (start !== runEnd) {
        if (runEnd > runStart) this.#runs.push(bytes.subarray(runStart, runEnd));
        runStart = start;
      }
      runEnd = end;
    }
    if (runEnd > runStart) this.#runs.push(bytes.subarray(runStart, runEnd));
    return this.#runs.length === 0 || this.#send();
  }

  /** Writes header and mask of one message in place; returns where the header starts. */
  #encode(bytes: Uint8Array, payloadStart: number, payloadEnd: number): number {
    const key = this.#maskKeys.next();
    this.#mask(bytes, payloadStart, payloadEnd, key);
    return writeMaskedHeaderBefore(bytes, payloadStart, payloadEnd - payloadStart, Opcode.binary, key);
  }

  #send(): boolean {
    const [only] = this.#runs;
    return this.#runs.length === 1 ? this.#stream.write(only as Uint8Array) : this.#stream.writePieces(this.#runs);
  }
}
