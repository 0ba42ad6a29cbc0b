import type { ServerUrl } from "../transport/server-url.ts";

/** The servers of the network, all of which will do, and which of them we are with. */
export class Servers {
  readonly #all: readonly ServerUrl[];
  readonly #race: boolean;
  #current: ServerUrl | undefined;

  /** One at least, the favourite first. `race`: they are dialed at the same time when there is none to come back to. */
  constructor(all: readonly ServerUrl[], race: boolean) {
    this.#all = all;
    this.#race = race;
  }

  get favourite(): ServerUrl {
    return this.#all[0] as ServerUrl;
  }

  /** The one that we are with, or were last. */
  get current(): ServerUrl | undefined {
    return this.#current;
  }

  /** We are with this one from now on. */
  choose(server: ServerUrl): void {
    this.#current = server;
  }

  /** All in the order in which they are to be dialed: first the one that knows us, then those that follow it. */
  get order(): readonly ServerUrl[] {
    const first = this.#current === undefined ? 0 : this.#all.indexOf(this.#current);
    return [...this.#all.slice(first), ...this.#all.slice(0, first)];
  }

  /** Whether to dial all of them at the same time. One that knows us is given a start: it keeps our session. */
  get areRaced(): boolean {
    return this.#race && this.#current === undefined;
  }
}
