/** What a connection may cost and how long it may take. */
export interface ConnectionLimits {
  readonly maxMessageBytes: number;
  readonly maxQueuedBytes: number;
  /** How long a close may take until the socket is destroyed. */
  readonly closeTimeoutMs: number;
  /** A write that lasts this long means that the peer is frozen: one holds 256 KiB at most. */
  readonly stalledAfterMs: number;
}

export const CONNECTION_DEFAULTS = {
  /** A 64 KiB super-frame with two VLAN tags and its virtio-net header fits. */
  maxMessageBytes: 66 * 1024,
  /** About what one TCP flow keeps in flight with the kernel's default buffers; more would only add delay. */
  maxQueuedBytes: 4 * 1024 * 1024,
  closeTimeoutMs: 2_000,
  /** Closed within 30 s of its freezing: what is on its way to it is taken for some seconds more. */
  stalledAfterMs: 25_000,
} as const;
