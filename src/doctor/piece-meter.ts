/** How large the reads are that bytes arrive in, while it is on. */
export class PieceMeter {
  readonly #receivedBytes: () => number;
  #seenBytes = 0;
  #pieces: number[] | undefined;

  constructor(receivedBytes: () => number) {
    this.#receivedBytes = receivedBytes;
  }

  begin(): void {
    this.#seenBytes = this.#receivedBytes();
    this.#pieces = [];
  }

  /** Bytes were read. */
  onRead(): void {
    const receivedBytes = this.#receivedBytes();
    const piece = receivedBytes - this.#seenBytes;
    this.#seenBytes = receivedBytes;
    if (piece > 0) this.#pieces?.push(piece);
  }

  /** The pieces so far but the last one, which ends where the messages do. */
  end(): readonly number[] {
    const pieces = this.#pieces ?? [];
    this.#pieces = undefined;
    return pieces.slice(0, -1);
  }
}

/** Sizes of a web server's buffer for a tunnel by default: one page, of 4 or 8 KiB (nginx: proxy_buffer_size). */
const BUFFER_SIZES = [4_096, 8_192] as const;
/** So few may be of other sizes: frames of other peers come in between, and a buffer is not always full. */
const SHARE = 0.8;
const FEWEST_PIECES = 6;

/**
 * The size of the buffer that answers pass through on their way, if they show one: a read gets one or several of them
 * whole. Records of TLS (16 KiB) and TCP segments make other sizes. Undefined if there is no such sign.
 */
export function bufferShownBy(pieces: readonly number[]): number | undefined {
  for (const size of BUFFER_SIZES) {
    const regular = pieces.filter((bytes) => bytes % size === 0);
    const isOdd = regular.some((bytes) => bytes % (2 * size) !== 0);
    if (isOdd && regular.length >= FEWEST_PIECES && regular.length >= pieces.length * SHARE) return size;
  }
  return undefined;
}
