import type { DropReason } from "../base/drop-reason.ts";
import type { Frame } from "../wire/frame.ts";

/** Where the switch gives frames for one attachment: a connection, a TAP, a test's array. */
export interface Egress {
  /**
   * Takes the frame for sending, or says why not. The bytes are borrowed until `flush()`.
   * Never throws, never blocks, never calls back into the switch.
   */
  deliver(frame: Frame): DropReason;
  /** Sends what was delivered since the last flush. Called once per ingress batch, only if something was delivered. */
  flush(): void;
}
