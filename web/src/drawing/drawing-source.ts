import type { Clock } from "../../../src/base/clock.ts";
import type { ServerApi } from "../data/server-api.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { type PairsAt, type Talk, talksBetween } from "./talks.ts";

/** What is drawn: who is there, and who talks to whom since the last look. */
export interface DrawingView {
  readonly scene: Scene;
  /** The heaviest first. */
  readonly talks: readonly Talk[];
}

/** Asks the server for all that a drawing needs. */
export class DrawingSource {
  readonly #api: ServerApi;
  readonly #clock: Clock;
  #before: PairsAt | undefined;

  constructor(api: ServerApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** May throw a RequestProblem. */
  async look(): Promise<DrawingView> {
    const [{ peers }, networks, { entries }, now] = await Promise.all([
      this.#api.peers(),
      this.#api.networks(),
      this.#api.fdb(),
      this.#api.pairs().then((pairs) => ({ pairs, atMs: this.#clock.nowMs() })),
    ]);
    const talks = talksBetween(this.#before, now);
    this.#before = now;
    return { scene: sceneOf(peers, networks, entries), talks };
  }
}
