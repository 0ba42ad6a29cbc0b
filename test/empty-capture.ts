import type { Capture } from "../src/capture/capture.ts";

/** A file's beginning as tools know it: the section header block of an empty pcapng. */
const EMPTY_PCAPNG = Buffer.from("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000", "hex");

/** A capture that sees no frame. */
export function emptyCapture(): Capture {
  let rest: Uint8Array | undefined = EMPTY_PCAPNG;
  return {
    lostFrames: 0,
    isOver: false,
    take: () => {
      const bytes = rest;
      rest = undefined;
      return bytes;
    },
    onReadable: () => {},
    close: () => {},
  };
}
