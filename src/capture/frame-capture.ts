import type { Clock } from "../base/clock.ts";
import type { DropReason } from "../base/drop-reason.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Frame } from "../wire/frame.ts";
import { gsoSize, MAX_SUPER_FRAME_HEADER_BYTES, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import type { Capture } from "./capture.ts";
import { CaptureFile } from "./capture-file.ts";
import { FrameRing, recordBytes } from "./frame-ring.ts";
import { everyFrame, type FrameTest } from "./frame-tests.ts";
import { PassingFrame } from "./passing-frame.ts";
import { type CapturedPort, type OfferFrame, WatchedPort } from "./watched-port.ts";

export interface FrameCaptureDeps {
  readonly clock: Clock;
  /** Called once, when it is closed. */
  readonly onClosed: (capture: FrameCapture) => void;
  readonly load: Load;
}

/** How much other work there is, as it was found last; read for each frame. */
export interface Load {
  /** Then less is taken. */
  readonly isBusy: boolean;
  /** How often that was looked at: while the number stays, so does the answer. */
  readonly samples: number;
}

export interface FrameCaptureOptions {
  readonly filter: FrameTest;
  /** What is seen, in words, for whoever opens the file. */
  readonly comment: string;
  /** Bytes of a frame, or of a segment of a super-frame, that are kept. */
  readonly snapBytes: number;
  /** Unix time in milliseconds at which it begins. */
  readonly startMs: number;
  /** Frames that wait to be fetched: a multiple of eight. */
  readonly ringBytes: number;
  /** That may be taken into the ring in the long run, and at once. */
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  /** The same, both, while there is other work. */
  readonly busyBytesPerSecond: number;
}

export const CAPTURE_DEFAULTS = {
  ringBytes: 8 * 1024 * 1024,
  /** Copying, segmenting and sending so much costs about two percent of a processor. */
  bytesPerSecond: 4 * 1024 * 1024,
  burstBytes: 2 * 1024 * 1024,
  /** A quarter of a percent: a capture never slows forwarding. */
  busyBytesPerSecond: 512 * 1024,
} as const;

/** Ports that are here, or whose frames wait: more than a server has. Those beyond are not looked at. */
const MAX_WATCHED_PORTS = 16_384;
/**
 * What a packet costs beside its bytes: to keep and to write one takes as long as to copy so many. Without it the
 * acknowledgements of a fast transfer, forty thousand a second, would cost a tenth of a processor.
 */
const PACKET_COST_BYTES = 512;
/** So that a reader is told of many frames at once. */
const READABLE_DELAY_MS = 200;

/**
 * The frames of some ports, as they pass, in a ring from which a file is made as somebody fetches it.
 *
 *     port ─► filter ─► room, budget ─► ring ═ take ═► segments ─► pcapng
 *                            └─ else: lost and counted
 *
 * What is lost is the newest: to refuse a frame costs nothing, while to overwrite the oldest would cost a copy of each
 * frame just when there are most of them; and what is kept has no gaps but where it says so.
 *
 *     open ──end()──► ending: what is there may be taken ──all taken, or close()──► over
 */
export class FrameCapture implements Capture {
  readonly #clock: Clock;
  readonly #onClosed: FrameCaptureDeps["onClosed"];
  readonly #options: FrameCaptureOptions;
  readonly #ring: FrameRing;
  readonly #budget: TokenBucket;
  readonly #busyBudget: TokenBucket;
  readonly #load: Load;
  readonly #wantsAll: boolean;
  /** The sample of the load in which there was too much for the budget of a busy time. */
  #spentAt = -1;
  readonly #file: CaptureFile;
  readonly #passing = new PassingFrame();
  /** Of the frame at hand; one for all. */
  readonly #passage = { port: 0, timeUs: 0, isEgress: false, drop: 0 as DropReason, lostBefore: 0 };
  /** Unix time of the clock's zero. */
  readonly #epochMs: number;
  #nextNumber = 0;
  #keptFrames = 0;
  #lostFrames = 0;
  #isEnded = false;
  #isClosed = false;
  #reader: (() => void) | undefined;
  #cancelCall: (() => void) | undefined;

  constructor(deps: FrameCaptureDeps, options: FrameCaptureOptions) {
    const { clock } = deps;
    const { ringBytes, bytesPerSecond, burstBytes, busyBytesPerSecond, startMs } = options;
    this.#clock = clock;
    this.#onClosed = deps.onClosed;
    this.#options = options;
    this.#ring = new FrameRing(ringBytes);
    this.#budget = new TokenBucket(bytesPerSecond, burstBytes, clock.nowMs());
    this.#busyBudget = new TokenBucket(busyBytesPerSecond, busyBytesPerSecond, clock.nowMs());
    this.#load = deps.load;
    this.#wantsAll = options.filter === everyFrame;
    this.#epochMs = startMs - clock.nowMs();
    this.#file = new CaptureFile(this.#ring, options);
  }

  get lostFrames(): number {
    return this.#lostFrames;
  }

  /** Frames that found room, whether they were taken by now or not. */
  get keptFrames(): number {
    return this.#keptFrames;
  }

  get isOver(): boolean {
    return this.#isClosed || (this.#isEnded && !this.#file.hasMore);
  }

  /** Looks at a port too, until `unwatch`. */
  watch(port: CapturedPort): void {
    if (this.#isEnded || this.#file.ports >= MAX_WATCHED_PORTS) return;
    this.#file.add(new WatchedPort(this.#nextNumber, port, this.#offer));
    this.#nextNumber++;
    this.#callReader();
  }

  /** Looks at a port no more. */
  unwatch(id: string): void {
    this.#file.remove(({ captured }) => captured.id === id);
    this.#callReader();
  }

  /** There is nothing more to see: leaves no observer behind. Idempotent. */
  end(): void {
    this.#isEnded = true;
    this.#file.remove(() => true);
    this.#callReader();
  }

  take(maxBytes: number): Uint8Array | undefined {
    return this.#isClosed ? undefined : this.#file.take(maxBytes, this.#nowUs());
  }

  onReadable(call: () => void): void {
    this.#reader = call;
    if (this.isOver || this.#file.hasMore) this.#callReader();
  }

  close(): void {
    if (this.#isClosed) return;
    this.end();
    this.#isClosed = true;
    this.#cancelCall?.();
    this.#onClosed(this);
  }

  readonly #offer: OfferFrame = (watched, frame, isEgress, drop) => {
    watched.seenFrames++;
    // Of a fast transfer most frames end here, unseen.
    if (this.#wantsAll && this.#spentAt === this.#load.samples) {
      watched.wantedFrames++;
      this.#lose(watched);
      return;
    }
    this.#passing.show(frame, isEgress, drop);
    if (!this.#options.filter(this.#passing)) return;
    watched.wantedFrames++;
    if (this.#keep(watched, frame, isEgress, drop)) {
      this.#keptFrames++;
      this.#callReader();
    } else this.#lose(watched);
  };

  #lose(watched: WatchedPort): void {
    this.#lostFrames++;
    this.#file.noteLoss(watched);
    this.#callReader();
  }

  #keep(watched: WatchedPort, frame: Frame, isEgress: boolean, drop: DropReason): boolean {
    const keptBytes = this.#keptBytesOf(frame);
    const nowMs = this.#clock.nowMs();
    if (!this.#ring.fits(keptBytes) || !this.#pay(this.#costBytesOf(frame, keptBytes), nowMs)) return false;
    const passage = this.#passage;
    passage.port = watched.number;
    passage.timeUs = (this.#epochMs + nowMs) * 1000;
    passage.isEgress = isEgress;
    passage.drop = drop;
    passage.lostBefore = watched.takeLoss();
    watched.waitingFrames++;
    return this.#ring.put(frame, keptBytes, passage);
  }

  #pay(costBytes: number, nowMs: number): boolean {
    if (this.#load.isBusy && !this.#busyBudget.take(costBytes, nowMs)) {
      this.#spentAt = this.#load.samples;
      return false;
    }
    return this.#budget.take(costBytes, nowMs);
  }

  /**
   * A super-frame stays whole until it is taken apart, because the checksums of its segments go over all of them; where
   * little more than headers is wanted, its own are enough.
   */
  #keptBytesOf(frame: Frame): number {
    const { snapBytes } = this.#options;
    const bytes = frame.end - frame.start;
    if (!this.#passing.headers.isSuperFrame) return Math.min(bytes, snapBytes);
    return snapBytes > MAX_SUPER_FRAME_HEADER_BYTES ? bytes : Math.min(bytes, MAX_SUPER_FRAME_HEADER_BYTES);
  }

  /** What it takes to keep and to write: segments cost, even if only their headers are written. */
  #costBytesOf(frame: Frame, keptBytes: number): number {
    if (!this.#passing.headers.isSuperFrame) return recordBytes(keptBytes) + PACKET_COST_BYTES;
    const segmentBytes = Math.max(1, gsoSize(frame.bytes, frame.start - VNET_HEADER_BYTES));
    return recordBytes(keptBytes) + ((frame.end - frame.start) / segmentBytes) * PACKET_COST_BYTES;
  }

  #nowUs(): number {
    return (this.#epochMs + this.#clock.nowMs()) * 1000;
  }

  #callReader(): void {
    if (this.#reader === undefined || this.#cancelCall !== undefined || this.#isClosed) return;
    this.#cancelCall = this.#clock.after(READABLE_DELAY_MS, () => {
      this.#cancelCall = undefined;
      const call = this.#reader;
      this.#reader = undefined;
      call?.();
    });
  }
}
