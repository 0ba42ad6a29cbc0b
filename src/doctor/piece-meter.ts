/** Where arriving bytes are cut into reads, counted from where it was told to begin. */
export class PieceMeter {
  readonly #receivedBytes: () => number;
  #startBytes = 0;
  #cuts: number[] | undefined;

  constructor(receivedBytes: () => number) {
    this.#receivedBytes = receivedBytes;
  }

  begin(): void {
    this.#startBytes = this.#receivedBytes();
    this.#cuts = [];
  }

  /** Bytes were read. */
  onRead(): void {
    const cut = this.#receivedBytes() - this.#startBytes;
    if (this.#cuts !== undefined && cut > 0 && this.#cuts.at(-1) !== cut) this.#cuts.push(cut);
  }

  /** Offsets of all cuts, the end of what arrived among them. */
  end(): readonly number[] {
    const cuts = this.#cuts ?? [];
    this.#cuts = undefined;
    return cuts;
  }
}

/** Sizes of a web server's buffer for a tunnel by default: one page, of 4 or 8 KiB (nginx: proxy_buffer_size). */
const BUFFER_SIZES = [4_096, 8_192] as const;
/** So few may be elsewhere: frames of other peers come in between. */
const SHARE = 0.9;
const FEWEST_CUTS = 8;

/**
 * The size of the buffer that answers pass through on their way, if they show one: reads end where it was full. Records of
 * TLS (16 KiB) and TCP segments cut elsewhere. Undefined if there is no such sign.
 */
export function bufferShownBy(cuts: readonly number[]): number | undefined {
  for (const size of BUFFER_SIZES) {
    const regular = cuts.filter((cut) => cut % size === 0);
    const isOdd = regular.some((cut) => cut % (2 * size) !== 0);
    if (isOdd && regular.length >= FEWEST_CUTS && regular.length >= cuts.length * SHARE) return size;
  }
  return undefined;
}
