import { DropCounters, type DropReason } from "../base/drop-reason.ts";
import type { Traffic } from "../control/model.ts";
import type { Port } from "../switch/port.ts";

const COUNTERS = ["receivedFrames", "receivedBytes", "sentFrames", "sentBytes"] as const;

/** What a port counts of the frames that pass it. */
export type Counted = Pick<Port, (typeof COUNTERS)[number] | "ingressDrops" | "egressDrops">;

/** The sum of several ports' counters. */
export class TrafficTotals implements Counted {
  receivedFrames = 0;
  receivedBytes = 0;
  sentFrames = 0;
  sentBytes = 0;
  readonly ingressDrops = new DropCounters();
  readonly egressDrops = new DropCounters();

  add(counted: Counted): this {
    for (const counter of COUNTERS) this[counter] += counted[counter];
    this.ingressDrops.addAll(counted.ingressDrops);
    this.egressDrops.addAll(counted.egressDrops);
    return this;
  }

  /** As `Port` has it; for what the closing connections of a port that left still send. */
  countSent(frames: number, bytes: number): void {
    this.sentFrames += frames;
    this.sentBytes += bytes;
  }

  /** And for what they lose. */
  countLost(drop: DropReason, frames: number): void {
    this.egressDrops.add(drop, frames);
  }
}

/** As it is shown. */
export function trafficOf(counted: Counted): Traffic {
  const { receivedFrames, receivedBytes, sentFrames, sentBytes, ingressDrops, egressDrops } = counted;
  return { receivedFrames, receivedBytes, sentFrames, sentBytes, drops: ingressDrops.total + egressDrops.total };
}
