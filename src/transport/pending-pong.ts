/** The pong that a peer is owed. Only its latest ping is answered (RFC 6455, 5.5.3), so there is one at most. */
export class PendingPong {
  #payload: Uint8Array | undefined;
  #overtaken = 0;

  /** Pings that a later one overtook. */
  get overtaken(): number {
    return this.#overtaken;
  }

  /** A ping came; its payload is copied. */
  owe(payload: Uint8Array): void {
    if (this.#payload !== undefined) this.#overtaken++;
    this.#payload = Uint8Array.from(payload);
  }

  /** The payload to answer with, which is then no longer owed. */
  take(): Uint8Array | undefined {
    const payload = this.#payload;
    this.#payload = undefined;
    return payload;
  }
}
