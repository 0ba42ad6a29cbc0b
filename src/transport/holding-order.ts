/** Somebody who holds what others may need. Its place in the order is kept in it, so that coming and going allocates nothing. */
export interface Holder {
  older: Holder | undefined;
  newer: Holder | undefined;
  /** Gives up what it holds, and with it its place in the order. */
  makeWay(): void;
}

/** Holders, by how long they have been it: a doubly linked list through themselves. */
export class HoldingOrder {
  #oldest: Holder | undefined;
  #newest: Holder | undefined;

  get oldest(): Holder | undefined {
    return this.#oldest;
  }

  /** Who is in must not be added again. */
  add(holder: Holder): void {
    holder.older = this.#newest;
    holder.newer = undefined;
    if (this.#newest === undefined) this.#oldest = holder;
    else this.#newest.newer = holder;
    this.#newest = holder;
  }

  /** Only for one that is in. */
  delete(holder: Holder): void {
    const { older, newer } = holder;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    holder.older = undefined;
    holder.newer = undefined;
  }
}
