import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";

/** A decoder's answer to the bytes that have arrived so far. */
export type HeadResult<Head> =
  | { readonly state: "more" }
  | { readonly state: "fault"; readonly message: string; readonly status?: number }
  | { readonly state: "done"; readonly head: Head; readonly consumed: number };

export type HeadOutcome<Head> =
  | { readonly state: "done"; readonly head: Head; readonly rest: Buffer }
  | { readonly state: "fault"; readonly message: string; readonly status: number | undefined }
  /** Nothing whole came in time. */
  | { readonly state: "late" }
  /** The other side went away, or the stream failed. */
  | { readonly state: "gone" };

export interface HeadOptions<Head> {
  readonly timeoutMs: number;
  /** Looks at all bytes so far; must answer "fault" before they are too many. */
  readonly parse: (bytes: Uint8Array, start: number, end: number) => HeadResult<Head>;
}

/**
 * Reads the head of an opening handshake, of either side and any protocol, and leaves the socket paused behind it.
 * `done` is called once. The bytes read behind the head are in `rest`.
 */
export function readHead<Head>(
  clock: Clock,
  socket: Socket,
  options: HeadOptions<Head>,
  done: (outcome: HeadOutcome<Head>) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const finish = (outcome: HeadOutcome<Head>): void => {
    cancelTimer();
    socket.pause();
    socket.off("data", onData).off("end", onGone).off("close", onGone);
    done(outcome);
  };
  const onGone = (): void => finish({ state: "gone" });
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const result = options.parse(bytes, 0, bytes.length);
    if (result.state === "done") {
      finish({ state: "done", head: result.head, rest: bytes.subarray(result.consumed) });
    } else if (result.state === "fault") {
      finish({ state: "fault", message: result.message, status: result.status });
    }
  };
  const cancelTimer = clock.after(options.timeoutMs, () => finish({ state: "late" }));
  socket.on("data", onData).once("end", onGone).once("close", onGone).resume();
}
