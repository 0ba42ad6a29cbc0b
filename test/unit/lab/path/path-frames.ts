/** Frames for tests of the emulated path: each carries its number, so that it is known again when it comes out. */
import { Direction, type DirectionOptions } from "../../../../lab/path/direction.ts";
import { DIRECTION_DEFAULTS, type DirectionSettings } from "../../../../lab/path/direction-settings.ts";

const FRAME_BYTES = 1514;

export function makeDirection(
  settings: Partial<DirectionSettings>,
  options: Partial<DirectionOptions> = {},
): Direction {
  const direction = new Direction({ seed: 1, frames: 4_096, frameBytes: FRAME_BYTES, startMs: 0, ...options });
  direction.set({ ...DIRECTION_DEFAULTS, ...settings }, 0);
  return direction;
}

const frame = new Uint8Array(2 * FRAME_BYTES);
const view = new DataView(frame.buffer);

/** Hands in frame number `id` of this length, not at the start of its buffer. */
export function enqueue(direction: Direction, id: number, nowMs: number, length = FRAME_BYTES): void {
  view.setUint32(7, id);
  direction.enqueue(frame, 7, 7 + length, nowMs);
}

/** The numbers of the frames that come out by then, in order. */
export function deliver(direction: Direction, nowMs: number): number[] {
  const ids: number[] = [];
  direction.deliver(nowMs, (bytes, start) => ids.push(new DataView(bytes.buffer, start).getUint32(0)));
  return ids;
}
