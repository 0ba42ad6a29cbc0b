import assert from "node:assert/strict";
import { DROP_NAMES, type DropReason } from "../../../src/base/drop-reason.ts";
import type { Port } from "../../../src/switch/port.ts";

/** What the counters of one port should say, by who really sent and got what. */
export class Ledger {
  receivedFrames = 0;
  receivedBytes = 0;
  /** Frames that were for it, those that were dropped included. */
  given = 0;
  /** Frames that arrived, and their bytes: asked of the attachment itself. */
  readonly arrived: () => { readonly frames: number; readonly bytes: number };
  readonly ingressDrops: Record<string, number> = {};
  /** Only those that do not depend on what waits; `given` and `arrived` tell the sum. */
  readonly egressDrops: Record<string, number> = {};
  tooBigAnswers = 0;
  fragments = 0;
  /** Whether something may have waited, or was too much for its rate, and so be lost. */
  mayLose = false;

  constructor(arrived: Ledger["arrived"]) {
    this.arrived = arrived;
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

  /** Whether what should have arrived on either side has. */
  isSettled(port: Port): boolean {
    const { frames, bytes } = this.arrived();
    const hasAll = port.receivedFrames === this.receivedFrames && port.receivedBytes === this.receivedBytes;
    return hasAll && port.sentFrames === frames && port.sentBytes === bytes;
  }

  /** For a message: both views. */
  compared(port: Port): string {
    const { receivedFrames, receivedBytes, sentFrames, sentBytes } = port;
    const { frames, bytes } = this.arrived();
    return (
      `${port.name} counts ${receivedFrames} (${receivedBytes} bytes) received and ${sentFrames} (${sentBytes}) sent, ` +
      `it has sent ${this.receivedFrames} (${this.receivedBytes}) and got ${frames} (${bytes})`
    );
  }

  /** `isAtRest`: nothing waits for it. */
  check(port: Port, isAtRest: boolean): void {
    assert.ok(this.isSettled(port), this.compared(port));
    assert.deepEqual(port.ingressDrops.toJSON(), this.ingressDrops, `what ${port.name} sent and went nowhere`);
    const accounted = port.sentFrames + port.egressDrops.total;
    if (isAtRest) assert.equal(accounted, this.given, `${port.name}: sent and dropped are what was given`);
    else assert.ok(accounted <= this.given, `${port.name}: no more is sent and dropped than was given`);
    assert.equal(port.sentFragments, this.fragments);
    assert.equal(port.unlearnedFrames, 0);
    if (this.mayLose) return;
    assert.deepEqual(port.egressDrops.toJSON(), this.egressDrops, `what was for ${port.name} and did not get there`);
    assert.equal(port.tooBigAnswers, this.tooBigAnswers);
  }
}

function count(drops: Record<string, number>, drop: DropReason): void {
  const name = DROP_NAMES[drop] as string;
  drops[name] = (drops[name] ?? 0) + 1;
}
