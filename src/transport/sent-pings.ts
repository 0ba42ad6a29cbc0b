/** Pings whose time of sending is remembered; the answer to an older one measures nothing any more. */
const REMEMBERED = 8;

const PAYLOAD_BYTES = 4;

/**
 * Numbers pings, so that a pong is matched with its own. The payload is the number, 4 bytes, most significant first. A
 * peer may answer the latest ping only (RFC 6455, 5.5.3), so a pong answers all before it as well.
 */
export class SentPings {
  readonly #sentMs = new Float64Array(REMEMBERED);
  #sent = 0;
  #answered = 0;

  /** Whether one that was sent is not answered. */
  get isWaiting(): boolean {
    return this.#sent !== this.#answered;
  }

  /** The payload of the next ping, which is sent now. */
  next(nowMs: number): Uint8Array {
    this.#sentMs[++this.#sent % REMEMBERED] = nowMs;
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUInt32BE(this.#sent >>> 0);
    return payload;
  }

  /** Takes a pong's payload; returns the round trip, or undefined if it is none of ours, an old one or a repeated one. */
  answer(payload: Uint8Array, nowMs: number): number | undefined {
    if (payload.length !== PAYLOAD_BYTES) return undefined;
    const number = Buffer.from(payload.buffer, payload.byteOffset, payload.length).readUInt32BE();
    if (number <= this.#answered || number > this.#sent) return undefined;
    this.#answered = number;
    return this.#sent - number < REMEMBERED ? nowMs - (this.#sentMs[number % REMEMBERED] as number) : undefined;
  }
}
