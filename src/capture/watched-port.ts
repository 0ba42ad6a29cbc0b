import type { DropReason } from "../base/drop-reason.ts";
import type { Port } from "../switch/port.ts";
import type { PortObserver } from "../switch/port-observer.ts";
import type { Frame } from "../wire/frame.ts";
import { addObserver, removeObserver } from "./port-observers.ts";

/** A port that may be captured, and what it is called in the file. */
export interface CapturedPort {
  readonly port: Port;
  /** Of its peer or uplink; never used again after it left. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** Is offered every frame of a watched port. */
export type OfferFrame = (watched: WatchedPort, frame: Frame, isEgress: boolean, drop: DropReason) => void;

/** A port that a capture looks at: its interface in the file, and what was seen there. */
export class WatchedPort implements PortObserver {
  /** Unique in its capture, from 0. */
  readonly number: number;
  readonly captured: CapturedPort;
  /** In the file; undefined while the file does not describe it. */
  interfaceId: number | undefined;
  /** Frames that passed, and those of them that the filter wants. */
  seenFrames = 0;
  wantedFrames = 0;
  /** Frames that wait to be written. */
  waitingFrames = 0;
  #lostFrames = 0;
  /** Of these, those that a frame which came later tells of. */
  #toldFrames = 0;
  readonly #offer: OfferFrame;
  #isGone = false;

  /** Looks from now on. */
  constructor(number: number, captured: CapturedPort, offer: OfferFrame) {
    this.number = number;
    this.captured = captured;
    this.#offer = offer;
    addObserver(captured.port, this);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Frames that the filter wants and that found no room. */
  get lostFrames(): number {
    return this.#lostFrames;
  }

  lose(): void {
    this.#lostFrames++;
  }

  /** How many were lost since this was last asked. */
  takeLoss(): number {
    const lost = this.#lostFrames - this.#toldFrames;
    this.#toldFrames = this.#lostFrames;
    return lost;
  }

  /** Looks no more. Idempotent. */
  leave(): void {
    this.#isGone = true;
    removeObserver(this.captured.port, this);
  }

  received(frame: Frame, drop: DropReason): void {
    this.#offer(this, frame, false, drop);
  }

  sent(frame: Frame, drop: DropReason): void {
    this.#offer(this, frame, true, drop);
  }
}
