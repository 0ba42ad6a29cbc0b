import type { Clock } from "../../../src/base/clock.ts";
import type { FdbRow } from "../../../src/control/model.ts";
import type { ServerApi } from "../data/server-api.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { type PairsAt, type Talk, talksBetween } from "./talks.ts";

/** What is drawn: who is there, and who talks to whom since the last look. */
export interface DrawingView {
  readonly scene: Scene;
  /** The heaviest first. */
  readonly talks: readonly Talk[];
  /** Of pairs that the server had no room for. */
  readonly uncountedFrames: number;
}

/** What is behind a bridge seldom changes, and is a long list. */
const FDB_PERIOD_MS = 10_000;

/** Asks the server for all that a drawing needs. */
export class DrawingSource {
  readonly #api: ServerApi;
  readonly #clock: Clock;
  #before: PairsAt | undefined;
  #fdb: { readonly atMs: number; readonly entries: readonly FdbRow[] } | undefined;

  constructor(api: ServerApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** May throw a RequestProblem. */
  async look(): Promise<DrawingView> {
    const [{ peers }, networks, entries, now] = await Promise.all([
      this.#api.peers(),
      this.#api.networks(),
      this.#lookBehind(),
      this.#api.pairs().then((list) => ({ ...list, atMs: this.#clock.nowMs() })),
    ]);
    const talks = talksBetween(this.#before, now);
    this.#before = now;
    return { scene: sceneOf(peers, networks, entries), talks, uncountedFrames: now.uncountedFrames };
  }

  async #lookBehind(): Promise<readonly FdbRow[]> {
    const atMs = this.#clock.nowMs();
    if (this.#fdb !== undefined && atMs - this.#fdb.atMs < FDB_PERIOD_MS) return this.#fdb.entries;
    const { entries } = await this.#api.fdb();
    this.#fdb = { atMs, entries };
    return entries;
  }
}
