import { sourceOf } from "../transport/connection-census.ts";
import type { Peer } from "./peer.ts";

/**
 * Held sessions of one address: as many as it may have connections. They cost no socket, so without a bound who comes
 * and goes could have every place of the server.
 */
const MAX_HELD_PER_ADDRESS = 256;

/** Sessions that wait for their clients, the one that waits longest first, in all and by the address they had. */
export class HeldSessions {
  readonly #all = new Set<Peer>();
  readonly #bySource = new Map<string, Set<Peer>>();
  readonly #sourceOf = new Map<Peer, string>();

  /** The one that waits longest. */
  get oldest(): Peer | undefined {
    const [first] = this.#all;
    return first;
  }

  /** Adds one; returns one that has to go for it, of the same address. Behind a web server that names none are many. */
  add(peer: Peer): Peer | undefined {
    const { address } = peer.remote;
    this.#all.add(peer);
    if (address === "") return undefined;
    const source = sourceOf(address);
    const held = this.#bySource.get(source) ?? new Set();
    this.#bySource.set(source, held.add(peer));
    this.#sourceOf.set(peer, source);
    const [first] = held;
    return held.size > MAX_HELD_PER_ADDRESS ? first : undefined;
  }

  /** Its client is back, or it is gone. Idempotent. */
  delete(peer: Peer): void {
    this.#all.delete(peer);
    const source = this.#sourceOf.get(peer);
    if (source === undefined) return;
    this.#sourceOf.delete(peer);
    const held = this.#bySource.get(source);
    held?.delete(peer);
    if (held?.size === 0) this.#bySource.delete(source);
  }
}
