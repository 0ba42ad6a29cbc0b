import assert from "node:assert/strict";
import { DROP_NAMES, type DropReason } from "../../../src/base/drop-reason.ts";
import type { PeerDetail } from "../../../src/control/model.ts";

/** What an attachment itself has sent and got. */
export interface Facts {
  readonly frames: number;
  readonly bytes: number;
  /** On its sockets, in both directions; undefined for a TAP. */
  readonly wire: { readonly sentBytes: number; readonly receivedBytes: number } | undefined;
}

/** What the counters of one attachment should say, by who really sent and got what. */
export class Ledger {
  receivedFrames = 0;
  receivedBytes = 0;
  /** Frames that were for it, those that were dropped included. */
  given = 0;
  /** Frames that arrived, asked of the attachment itself. */
  readonly facts: () => Facts;
  readonly ingressDrops: Record<string, number> = {};
  /** Only those that do not depend on what waits; `given` and what arrived tell the sum. */
  readonly egressDrops: Record<string, number> = {};
  tooBigAnswers = 0;
  fragments = 0;
  /** Whether something may have waited, or was too much for its rate, and so be lost. */
  mayLose = false;

  constructor(facts: Ledger["facts"]) {
    this.facts = facts;
  }

  received(bytes: number, drop?: DropReason): void {
    this.receivedFrames++;
    this.receivedBytes += bytes;
    if (drop !== undefined) count(this.ingressDrops, drop);
  }

  withheld(drop: DropReason): void {
    this.given++;
    count(this.egressDrops, drop);
  }

  /** Traffic as it should be shown when nothing is under way; `drops` are right if nothing waits. */
  get traffic(): PeerDetail["traffic"] {
    const { receivedFrames, receivedBytes } = this;
    const { frames: sentFrames, bytes: sentBytes } = this.facts();
    const drops = sum(this.ingressDrops) + this.given - sentFrames;
    return { receivedFrames, receivedBytes, sentFrames, sentBytes, drops };
  }

  /** Whether what should have arrived on either side has. */
  isSettled({ traffic, wire }: PeerDetail): boolean {
    const expected = { ...this.traffic, drops: traffic.drops };
    const { wire: seen } = this.facts();
    const isOnWire =
      seen === undefined || (seen.receivedBytes === wire.sentBytes && seen.sentBytes === wire.receivedBytes);
    return JSON.stringify(expected) === JSON.stringify(traffic) && isOnWire;
  }

  /** For a message: both views. */
  compared({ id, traffic, wire }: PeerDetail): string {
    const { traffic: expected } = this;
    const { wire: seen } = this.facts();
    return `${id}: ${JSON.stringify({ traffic, wire })}, should be ${JSON.stringify({ expected, seen })}`;
  }

  /** `isAtRest`: nothing waits for it. */
  check(detail: PeerDetail, isAtRest: boolean): void {
    const { id, traffic, ingressDrops, egressDrops, tooBigAnswers, sentFragments, unlearnedFrames } = detail;
    assert.ok(this.isSettled(detail), this.compared(detail));
    assert.deepEqual(ingressDrops, this.ingressDrops, `what ${id} sent and went nowhere`);
    assert.equal(traffic.drops, sum(ingressDrops) + sum(egressDrops));
    assert.equal(unlearnedFrames, 0);
    if (isAtRest) assert.equal(traffic.drops, this.traffic.drops, `${id}: sent and dropped are what was given`);
    else assert.ok(traffic.drops <= this.traffic.drops, `${id}: no more is sent and dropped than was given`);
    if (this.mayLose) return;
    assert.deepEqual(egressDrops, this.egressDrops, `what was for ${id} and did not get there`);
    assert.deepEqual(
      { tooBigAnswers, sentFragments },
      { tooBigAnswers: this.tooBigAnswers, sentFragments: this.fragments },
    );
  }
}

function sum(drops: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(drops).reduce<number>((total, frames) => total + (frames ?? 0), 0);
}

function count(drops: Record<string, number>, drop: DropReason): void {
  const name = DROP_NAMES[drop] as string;
  drops[name] = (drops[name] ?? 0) + 1;
}
