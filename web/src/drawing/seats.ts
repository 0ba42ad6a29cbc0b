/** A disc has room for at least so many, so that the first comers do not change its size. */
const FEWEST_SEATS = 16;

/**
 * Who sits where in one network. Who stays keeps the seat; who comes takes the lowest that is free. The disc grows by
 * doubling and does not shrink, so what is around it seldom moves.
 */
export class Seats {
  readonly #seats = new Map<string, number>();
  #capacity = FEWEST_SEATS;

  /** Seats that the disc has room for. */
  get capacity(): number {
    return this.#capacity;
  }

  seatOf(id: string): number | undefined {
    return this.#seats.get(id);
  }

  /** Those who are not in `present` leave; the others get seats, in their order. */
  update(present: readonly string[]): void {
    const here = new Set(present);
    for (const id of this.#seats.keys()) if (!here.has(id)) this.#seats.delete(id);
    const taken = new Set(this.#seats.values());
    let next = 0;
    for (const id of present) {
      if (this.#seats.has(id)) continue;
      while (taken.has(next)) next++;
      this.#seats.set(id, next);
      taken.add(next);
    }
    for (const seat of taken) while (seat >= this.#capacity) this.#capacity *= 2;
  }
}
