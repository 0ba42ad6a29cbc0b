import type { DropReason } from "../base/drop-reason.ts";
import type { Frame } from "../wire/frame.ts";

/**
 * Sees the frames of a port pass, for a capture. Called for every frame, so it must be quick, and must neither throw nor
 * call back into the switch. Frames and their bytes are borrowed until return.
 */
export interface PortObserver {
  /** A frame came from the attachment; `drop` is why it went nowhere. Told after what became of it. */
  received(frame: Frame, drop: DropReason): void;
  /** A frame was given to the attachment, or was for it and did not reach it. What a flow queue drops later is not told. */
  sent(frame: Frame, drop: DropReason): void;
}
