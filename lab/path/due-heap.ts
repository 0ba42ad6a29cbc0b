/**
 * Slots by the time they are due; those due at the same time in the order they came. A binary heap in typed arrays:
 * the children of entry i are 2i+1 and 2i+2, and no entry is due before its parent.
 */
export class DueHeap {
  readonly #dueMs: Float64Array;
  readonly #order: Float64Array;
  readonly #slots: Uint32Array;
  #size = 0;
  #pushed = 0;

  constructor(capacity: number) {
    this.#dueMs = new Float64Array(capacity);
    this.#order = new Float64Array(capacity);
    this.#slots = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** When the first is due; `Infinity` if there is none. */
  get firstDueMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#dueMs[0] as number);
  }

  /** The caller keeps within the capacity. */
  push(dueMs: number, slot: number): void {
    let at = this.#size++;
    const order = this.#pushed++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      // The newcomer goes behind its equals, so it climbs only over what is due later.
      if ((this.#dueMs[parent] as number) <= dueMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, dueMs, order, slot);
  }

  /** Takes out the first; there must be one. */
  pop(): number {
    const first = this.#slots[0] as number;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#dueMs[last] as number, this.#order[last] as number, this.#slots[last] as number);
    return first;
  }

  #sink(dueMs: number, order: number, slot: number): void {
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (
        child + 1 < this.#size &&
        this.#isBefore(child + 1, this.#dueMs[child] as number, this.#order[child] as number)
      )
        child++;
      if (!this.#isBefore(child, dueMs, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, dueMs, order, slot);
  }

  #isBefore(at: number, dueMs: number, order: number): boolean {
    const due = this.#dueMs[at] as number;
    return due < dueMs || (due === dueMs && (this.#order[at] as number) < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#dueMs[from] as number, this.#order[from] as number, this.#slots[from] as number);
  }

  #put(at: number, dueMs: number, order: number, slot: number): void {
    this.#dueMs[at] = dueMs;
    this.#order[at] = order;
    this.#slots[at] = slot;
  }
}
