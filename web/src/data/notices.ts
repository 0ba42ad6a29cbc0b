import type { Clock } from "../../../src/base/clock.ts";
import { Store } from "./store.ts";

export interface Notice {
  readonly id: number;
  readonly kind: "good" | "bad";
  readonly text: string;
}

const SHOWN_MS = 8_000;
const MAX_SHOWN = 4;

/** Sentences about what was just done, for some seconds. */
export class Notices {
  readonly shown = new Store<readonly Notice[]>([]);
  readonly #clock: Clock;
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tell(kind: Notice["kind"], text: string): void {
    this.#lastId++;
    const id = this.#lastId;
    this.shown.set([...this.shown.value, { id, kind, text }].slice(-MAX_SHOWN));
    this.#clock.after(SHOWN_MS, () => this.dismiss(id));
  }

  dismiss(id: number): void {
    this.shown.set(this.shown.value.filter((notice) => notice.id !== id));
  }
}
