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

/** How the heads of a protocol are told. */
export interface HeadFormat<Head> {
  /**
   * Whether `parse` may answer other than "more" to bytes of which those before `seen` were looked at already. Must not
   * look at all of them again: who sends a head byte by byte would have us work for its square.
   */
  readonly mayBeSettled: (bytes: Uint8Array, seen: number, end: number) => boolean;
  /** Looks at all bytes so far; must answer "fault" before they are too many. */
  readonly parse: (bytes: Uint8Array, start: number, end: number) => HeadResult<Head>;
}

export interface HeadOptions<Head> {
  readonly timeoutMs: number;
  readonly format: HeadFormat<Head>;
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
  const { format, timeoutMs } = options;
  let bytes: Buffer = Buffer.alloc(0);
  let length = 0;
  const finish = (outcome: HeadOutcome<Head>): void => {
    cancelTimer();
    socket.pause();
    socket.off("data", onData).off("end", onGone).off("close", onGone);
    done(outcome);
  };
  const onGone = (): void => finish({ state: "gone" });
  const onData = (chunk: Buffer): void => {
    const seen = length;
    bytes = append(bytes, seen, chunk);
    length = seen + chunk.length;
    if (!format.mayBeSettled(bytes, seen, length)) return;
    const result = format.parse(bytes, 0, length);
    if (result.state === "done") {
      finish({ state: "done", head: result.head, rest: bytes.subarray(result.consumed, length) });
    } else if (result.state === "fault") {
      finish({ state: "fault", message: result.message, status: result.status });
    }
  };
  const cancelTimer = clock.after(timeoutMs, () => finish({ state: "late" }));
  socket.on("data", onData).once("end", onGone).once("close", onGone).resume();
}

/** The largest head there is, a uwsgi packet: an unfinished one never holds more. */
const LARGEST_HEAD_BYTES = 4 + 65_535;

/** The chunk behind the first `length` bytes; the buffer doubles, so that each byte is copied twice or so at most. */
function append(bytes: Buffer, length: number, chunk: Buffer): Buffer {
  if (length === 0) return chunk;
  const needed = length + chunk.length;
  let room = bytes;
  if (needed > bytes.length) {
    room = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * needed, LARGEST_HEAD_BYTES)));
    bytes.copy(room, 0, 0, length);
  }
  chunk.copy(room, length);
  return room;
}
