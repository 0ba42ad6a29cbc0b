/** What is counted of a connection. */
interface Counted {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Bytes on the wire over all connections of a session, those that are gone included. */
export class SessionTraffic {
  readonly #here = new Set<Counted>();
  #receivedBefore = 0;
  #sentBefore = 0;

  get receivedBytes(): number {
    let sum = this.#receivedBefore;
    for (const { receivedBytes } of this.#here) sum += receivedBytes;
    return sum;
  }

  get sentBytes(): number {
    let sum = this.#sentBefore;
    for (const { sentBytes } of this.#here) sum += sentBytes;
    return sum;
  }

  opened(connection: Counted): void {
    this.#here.add(connection);
  }

  /** It will count no more: what it has is kept. Idempotent. */
  closed(connection: Counted): void {
    if (!this.#here.delete(connection)) return;
    this.#receivedBefore += connection.receivedBytes;
    this.#sentBefore += connection.sentBytes;
  }
}
