import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Clock } from "../base/clock.ts";
import type { Load } from "../capture/frame-capture.ts";

/** Soon enough that what begins now is seen before it has filled a capture's ring again. */
const SAMPLE_MS = 20;
/** Of its time; forwarding at full speed takes twice that and more, ordinary traffic a tenth. */
const BUSY_SHARE = 0.4;

/** Whether the event loop has much to do: what is only looked at should then take less of it. */
export class LoopLoad implements Load {
  readonly #cancel: () => void;
  #before: EventLoopUtilization = performance.eventLoopUtilization();
  #isBusy = false;
  #samples = 0;

  constructor(clock: Clock) {
    this.#cancel = clock.every(SAMPLE_MS, () => this.#sample());
  }

  /** In the last twentieth of a second or so. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get samples(): number {
    return this.#samples;
  }

  close(): void {
    this.#cancel();
  }

  #sample(): void {
    const now = performance.eventLoopUtilization();
    this.#isBusy = performance.eventLoopUtilization(now, this.#before).utilization >= BUSY_SHARE;
    this.#before = now;
    this.#samples++;
  }
}
