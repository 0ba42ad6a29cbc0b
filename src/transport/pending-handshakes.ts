/**
 * Connections that have not finished their handshake, by source, oldest first. Who is slow makes way for who is new,
 * and first of all the source that has the most of them: a flood crowds out itself.
 */
export class PendingHandshakes<T> {
  /** Groups are never empty. A source that comes again comes last. */
  readonly #bySource = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(source: string, one: T): void {
    const group = this.#bySource.get(source);
    if (group === undefined) this.#bySource.set(source, new Set([one]));
    else group.add(one);
    this.#size++;
  }

  /** Idempotent. */
  delete(source: string, one: T): void {
    const group = this.#bySource.get(source);
    if (group?.delete(one) !== true) return;
    this.#size--;
    if (group.size === 0) this.#bySource.delete(source);
  }

  /** The oldest of the source with the most; among equals, of the one that has been here longest. */
  nextToGo(): T | undefined {
    let largest: Set<T> | undefined;
    for (const group of this.#bySource.values()) if (group.size > (largest?.size ?? 0)) largest = group;
    return largest?.values().next().value;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const group of this.#bySource.values()) yield* group;
  }
}
