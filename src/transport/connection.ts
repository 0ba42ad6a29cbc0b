import type { DropReason } from "../base/drop-reason.ts";
import type { ControlMessage } from "../wire/control-message.ts";
import type { Frame } from "../wire/frame.ts";
import type { OffloadSet } from "../wire/offload.ts";
import type { Dialect } from "../wire/websocket-decoder.ts";

/** Why a connection is over. */
export interface Closed {
  /** A WebSocket close code; 1006 if the stream ended without one. */
  readonly code: number;
  readonly reason: string;
  /** Who ended it first. */
  readonly by: "us" | "peer";
}

export interface ConnectionHandlers {
  /** A frame arrived, its virtio-net header checked. Borrowed until `onBatchEnd` returns, the Frame object until return. */
  onFrame(frame: Frame): void;
  /** The frames that arrived together are through. */
  onBatchEnd(): void;
  /**
   * A frame of a batch, or one that arrived, was dropped; the connection goes on. `frameBytes` is its length, 0 where a
   * message is too short to have a frame in it.
   */
  onDrop(reason: DropReason, frameBytes: number): void;
  /**
   * Frames that `send` took were dropped before they left: too old, too many of a flow, in the way of fairness, or still
   * there when the connection was over. None for a later part of one that was cut.
   */
  onEgressDrop?(reason: DropReason, frames: number): void;
  /** Frames that `send` took were handed to the socket, none for a later part of one, and `bytes` of theirs. */
  onSent?(frames: number, bytes: number): void;
  onControl(message: ControlMessage): void;
  /** `congested` is false, perhaps again: some of what waited has left. */
  onDrained(): void;
  /**
   * Something of ours waits for an answer longer than the measured round trip explains: the path may be cut. Told once
   * per silence, of `silentMs` so far; never told of v1 peers, which answer nothing.
   */
  onSuspect?(silentMs: number): void;
  /** The peer speaks again after `onSuspect`. */
  onHeard?(): void;
  /** Called once, last. */
  onClosed(closed: Closed): void;
}

/** A transport channel that carries Ethernet frames and control messages, either side. */
export interface Connection {
  readonly dialect: Dialect;
  /** What the peer takes beyond ordinary frames; set it when the peer says so. */
  peerOffloads: OffloadSet;
  /** Bytes on the wire in each direction since the connection was made, handshake included. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Last measured round trip; undefined before the first pong and for v1 peers, which send none. */
  readonly roundTripMs: number | undefined;
  /** For how long nothing was heard, to a quarter of a second; time in which our own process stood still is no silence. */
  readonly silentMs: number;
  readonly queuedBytes: number;
  /** A device that feeds this connection should pause until `onDrained`. */
  readonly congested: boolean;
  /** The kernel's name of the congestion control of this end; undefined if it is no TCP, or nobody knows. */
  readonly congestionControl: string | undefined;
  /** Frames that were marked (ECN) where they would have been dropped. */
  readonly ecnMarks: number;
  /** Takes a copy of the frame, segmented if the peer needs that. */
  send(frame: Frame): DropReason;
  /** Sends what `send` queued. */
  flush(): void;
  sendControl(message: ControlMessage): void;
  /** Pings at once: `onSuspect` follows if the path is cut, a new `roundTripMs` if it is not. */
  probe(): void;
  /** Sends a close frame and closes; frames that wait for their turn are dropped. Idempotent. */
  close(code: number, reason: string): void;
}
