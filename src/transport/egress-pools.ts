import { BufferPool } from "./buffer-pool.ts";

/**
 * The memory of all egress queues of a process, in two sizes: a small buffer for the frame or two that a quiet
 * connection gets, so that a broadcast to a thousand of them touches little memory, and a large one that carries a
 * whole batch in one write. What both may lend is the bound on everything that waits for all peers together.
 */
export interface EgressPools {
  readonly small: BufferPool;
  readonly large: BufferPool;
}

const SMALL_BYTES = 4 * 1024;
const MAX_SMALL = 8_192;
/** Four super-frames: large enough that one write carries a batch, small enough to stay in a core's cache. */
const LARGE_BYTES = 256 * 1024;
/** 256 MiB in all. */
const MAX_LARGE = 1_024;

export function makeEgressPools(): EgressPools {
  return {
    small: new BufferPool({ bufferBytes: SMALL_BYTES, maxFree: MAX_SMALL, maxLent: MAX_SMALL }),
    large: new BufferPool({ bufferBytes: LARGE_BYTES, maxFree: 32, maxLent: MAX_LARGE }),
  };
}
