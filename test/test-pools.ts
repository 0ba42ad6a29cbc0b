import { BufferPool } from "../src/transport/buffer-pool.ts";
import type { EgressPools } from "../src/transport/egress-pools.ts";

/** Pools for one egress queue, with large buffers of this size. */
export function testPools(largeBytes: number): EgressPools {
  return {
    small: new BufferPool({ bufferBytes: 4096, maxFree: 2, maxLent: 16 }),
    large: new BufferPool({ bufferBytes: largeBytes, maxFree: 2, maxLent: 64 }),
  };
}

/** For an egress queue whose frames nobody counts. */
export const UNCOUNTED = { onSent: () => {}, onLost: () => {} };
