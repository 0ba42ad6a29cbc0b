import { Drop, type DropReason } from "../src/base/drop-reason.ts";
import type { SessionConnection } from "../src/server/session.ts";
import type { Closed } from "../src/transport/connection.ts";
import type { ControlMessage } from "../src/wire/control-message.ts";
import type { Frame } from "../src/wire/frame.ts";

/** A connection without a socket: keeps what it is given, and is closed when the test says so. */
export class FakeSessionConnection implements SessionConnection {
  readonly number: number;
  receivedBytes = 0;
  sentBytes = 0;
  readonly frames: string[] = [];
  readonly controls: ControlMessage[] = [];
  closing: Closed | undefined;

  constructor(number: number) {
    this.number = number;
  }

  send({ bytes, start, end }: Frame): DropReason {
    if (this.closing !== undefined) return Drop.portClosed;
    this.frames.push(Buffer.from(bytes.subarray(start + 14, end)).toString());
    this.sentBytes += end - start;
    return Drop.none;
  }

  flush(): void {}

  sendControl(message: ControlMessage): void {
    this.controls.push(message);
  }

  close(code: number, reason: string): void {
    this.closing ??= { code, reason, by: "us" };
  }
}
