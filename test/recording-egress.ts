import { Drop, type DropReason } from "../src/base/drop-reason.ts";
import type { Egress } from "../src/switch/port.ts";
import type { Frame } from "../src/wire/frame.ts";

/** An egress that writes down what it is given, and refuses when told to. */
export class RecordingEgress implements Egress {
  readonly frames: Buffer[] = [];
  /** Frames of each flush. */
  readonly batches: number[] = [];
  /** The answer to the next frames. */
  answer: DropReason = Drop.none;
  refused = 0;
  #unflushed = 0;

  deliver(frame: Frame): DropReason {
    if (this.answer !== Drop.none) {
      this.refused++;
      return this.answer;
    }
    this.frames.push(Buffer.from(frame.bytes.subarray(frame.start, frame.end)));
    this.#unflushed++;
    return Drop.none;
  }

  flush(): void {
    this.batches.push(this.#unflushed);
    this.#unflushed = 0;
  }
}
