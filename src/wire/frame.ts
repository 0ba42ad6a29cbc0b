/**
 * A window on one Ethernet frame inside borrowed bytes, the value that travels from port to switch to port.
 *
 *     ┌──────────┬─────────────────────┬────────────────────────┬─────────┐
 *     │ headroom │ virtio_net_hdr (10) │ Ethernet frame, no FCS │ others' │
 *     └──────────┴─────────────────────┴────────────────────────┴─────────┘
 *                ^ start − 10          ^ start                  ^ end
 *
 * `hasVnetHeader` says whether the ten bytes before `start` are a *validated* virtio-net header of this frame; if
 * not, these bytes are somebody else's and the frame is an ordinary one with all its checksums in place.
 *
 * The bytes are borrowed until the ingress calls `Switch.flush()`; whoever needs them longer copies. An ingress
 * owns one Frame and moves it along its buffer, so forwarding allocates nothing.
 */
export class Frame {
  bytes: Uint8Array;
  /** Offset of the first byte of the Ethernet header. */
  start = 0;
  /** Offset behind the last byte of the frame. */
  end = 0;
  hasVnetHeader = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  set(bytes: Uint8Array, start: number, end: number, hasVnetHeader: boolean): this {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.hasVnetHeader = hasVnetHeader;
    return this;
  }

  /** Length of the Ethernet frame in bytes, without the virtio-net header. */
  get length(): number {
    return this.end - this.start;
  }
}
