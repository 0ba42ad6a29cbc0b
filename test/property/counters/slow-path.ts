import type { SocketControl, SocketState } from "../../../src/transport/socket-control.ts";

/** Of a path that is no local one. */
const ROUND_TRIP_MS = 5;
const PACED_BYTES_PER_MS = 1_250;

/** In the place of a kernel's knowledge of a socket: a path that is slow, and may stand still. */
export class SlowPath implements SocketControl {
  readonly congestionControl = undefined;
  isFrozen = false;

  read(state: SocketState): boolean {
    state.roundTripMs = ROUND_TRIP_MS;
    state.pacedBytesPerMs = PACED_BYTES_PER_MS;
    state.unsentBytes = this.isFrozen ? Number.MAX_SAFE_INTEGER : 0;
    return true;
  }

  putOffPause(): void {}

  limitUnsent(): void {}
}
