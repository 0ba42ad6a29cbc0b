import type { Capture } from "../capture/capture.ts";
import { ownTurn } from "./own-turn.ts";

/** Of the file, at a time: little enough to be sent between two batches of frames. */
const PIECE_BYTES = 64 * 1024;

/**
 * A capture's file as a body that is made as it is read. Each piece has a turn of the event loop to itself, so that a
 * reader who is fast takes no time from frames. Ends with the capture, or when whoever reads may not any more.
 */
export function captureStream(capture: Capture, mayStay: () => boolean): ReadableStream<Uint8Array> {
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      await ownTurn();
      if (!mayStay()) return undefined;
      const bytes = capture.take(PIECE_BYTES);
      if (bytes !== undefined || capture.isOver) return bytes;
      await new Promise<void>((resolve) => capture.onReadable(resolve));
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const bytes = await next();
        if (bytes !== undefined) {
          controller.enqueue(bytes);
          return;
        }
        capture.close();
        controller.close();
      },
      cancel: () => capture.close(),
    },
    { highWaterMark: 0 },
  );
}
