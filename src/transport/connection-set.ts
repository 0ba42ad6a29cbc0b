import { randomInt } from "node:crypto";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { flowHash } from "../wire/flow.ts";
import type { Frame } from "../wire/frame.ts";
import { MAX_SESSION_CONNECTIONS } from "../wire/session-claim.ts";

/** What the set needs of a connection. */
export interface Sender {
  send(frame: Frame): DropReason;
  flush(): void;
}

/** Shares that flows are dealt out in: a power of two, many more than connections, so that those have about the same. */
const BUCKETS = 256;

/**
 * The open connections of a session, by number, and which flow goes by which:
 *
 *     frame ── flowHash ──► bucket ── owner ──► connection
 *
 * A flow stays with its connection while that is open, so that its frames stay in order. When one is lost its buckets go
 * to the others at once; when one is added it takes an even share of theirs. One that is doubted gets none while there is
 * another. With one connection nothing is hashed.
 */
export class ConnectionSet<Connection extends Sender> {
  /** Unknown to strangers, so that nobody can choose flows that share a bucket. */
  readonly #seed = randomInt(2 ** 31);
  readonly #byNumber: (Connection | undefined)[] = new Array(MAX_SESSION_CONNECTIONS).fill(undefined);
  /** The same without holes, in the order of their numbers. */
  #open: readonly Connection[] = [];
  readonly #doubted = new Set<Connection>();
  readonly #owners = new Uint8Array(BUCKETS);

  get open(): readonly Connection[] {
    return this.#open;
  }

  get size(): number {
    return this.#open.length;
  }

  /** Adds a connection, and returns the one that had this number until now. It must be below MAX_SESSION_CONNECTIONS. */
  put(number: number, connection: Connection): Connection | undefined {
    const before = this.#byNumber[number];
    this.#byNumber[number] = connection;
    if (before !== undefined) this.#doubted.delete(before);
    this.#deal();
    return before;
  }

  /** False if it is not here (any more). */
  remove(connection: Connection): boolean {
    const number = this.#byNumber.indexOf(connection);
    if (number === -1) return false;
    this.#byNumber[number] = undefined;
    this.#doubted.delete(connection);
    this.#deal();
    return true;
  }

  /** It may be dead: its flows go by the others, if there are any. */
  doubt(connection: Connection): void {
    if (!this.#byNumber.includes(connection)) return;
    this.#doubted.add(connection);
    this.#deal();
  }

  /** It is alive after all. */
  trust(connection: Connection): void {
    if (this.#doubted.delete(connection)) this.#deal();
  }

  send(frame: Frame): DropReason {
    if (this.#open.length > 1) return this.#ownerOf(frame).send(frame);
    return this.#open[0]?.send(frame) ?? Drop.portClosed;
  }

  flush(): void {
    for (let i = 0; i < this.#open.length; i++) (this.#open[i] as Connection).flush();
  }

  #ownerOf({ bytes, start, end }: Frame): Connection {
    const bucket = flowHash(bytes, start, end, this.#seed) % BUCKETS;
    return this.#byNumber[this.#owners[bucket] as number] as Connection;
  }

  /** Each bucket stays where it is unless its connection is gone, or has more than its share. */
  #deal(): void {
    this.#open = this.#byNumber.filter((connection) => connection !== undefined);
    const trusted = this.#open.filter((connection) => !this.#doubted.has(connection));
    const takers = trusted.length > 0 ? trusted : this.#open;
    const share = Math.ceil(BUCKETS / takers.length);
    const held = this.#byNumber.map((one) =>
      one !== undefined && takers.includes(one) ? 0 : Number.POSITIVE_INFINITY,
    );
    const homeless: number[] = [];
    for (const [bucket, owner] of this.#owners.entries()) {
      const count = held[owner] as number;
      if (count < share) held[owner] = count + 1;
      else homeless.push(bucket);
    }
    for (const bucket of homeless) {
      const poorest = held.indexOf(Math.min(...held));
      this.#owners[bucket] = poorest;
      held[poorest] = (held[poorest] as number) + 1;
    }
  }
}
