import type { Frame } from "../wire/frame.ts";
import type { Mac } from "../wire/mac.ts";
import type { OffloadSet } from "../wire/offload.ts";

/**
 * Frames that a device read in one go, lying in one buffer, each with a virtio-net header before it and at least
 * `HEADROOM` writable bytes before that. Borrowed: valid until `onBatch` returns, or, if the consumer called
 * `Device.pause()` in it, until `Device.resume()`.
 */
export interface FrameBatch {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** For frame i: `spans[2*i]` is `start` of the Ethernet frame, `spans[2*i+1]` is its `end`. */
  readonly spans: Uint32Array;
}

/** Writable bytes in front of each frame's virtio-net header: the largest masked WebSocket header is 14. */
export const HEADROOM = 16;

export interface DeviceHandlers {
  onBatch(batch: FrameBatch): void;
  /** The device is gone (deleted under us, descriptor broken). It is closed already. */
  onError(error: Error): void;
}

/**
 * An Ethernet attachment to this host: a TAP, or one end of an in-memory pair.
 *
 *     opened ──start()──► running ⇄ paused
 *        └────────────────────┴────────┴──close()──► closed
 */
export interface Device {
  readonly name: string;
  readonly mac: Mac;
  /** Largest payload of an Ethernet frame, in bytes, without the 14-byte header (and without a VLAN tag). */
  readonly mtu: number;
  /** Throws a DeviceError, and leaves the MTU as it was. */
  setMtu(bytes: number): void;
  /** What `write` takes beyond ordinary frames. */
  readonly offloads: OffloadSet;
  /** Frames that the kernel refused to take since the start, and their bytes. */
  readonly refused: number;
  readonly refusedBytes: number;
  start(handlers: DeviceHandlers): void;
  /** Stops reading; frames wait in the kernel's queue, which slows their senders. */
  pause(): void;
  resume(): void;
  /**
   * Borrows the frame's bytes until `flush()` (the Frame object itself only until return). A frame with
   * `hasVnetHeader` must need no more than `offloads`. Flushes by itself when its batch is full.
   */
  write(frame: Frame): void;
  /** Hands every written frame to the kernel. Returns how many it refused. */
  flush(): number;
  /** Idempotent. The TAP goes away with it. */
  close(): void;
}
