import { Drop, type DropReason } from "../base/drop-reason.ts";
import { Frame } from "../wire/frame.ts";
import { PacketHeaders } from "../wire/packet-headers.ts";
import { gsoSize, superFramePayloadOffset, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";

/** What a filter may ask about one frame. One object is used for all, so that nothing is made per frame. */
export class PassingFrame {
  readonly headers = new PacketHeaders();
  /** From the switch to the attachment; otherwise the other way. */
  isEgress = false;
  drop: DropReason = Drop.none;
  #frame = new Frame(new Uint8Array(0));

  /** Looks at a frame, whose bytes are borrowed until the next one comes. */
  show(frame: Frame, isEgress: boolean, drop: DropReason): void {
    this.#frame = frame;
    this.isEgress = isEgress;
    this.drop = drop;
    this.headers.parseFrame(frame);
  }

  /** Bytes of the Ethernet frame; of a super-frame, of each segment but the last, which may be shorter. */
  get lengthBytes(): number {
    const { bytes, start, end } = this.#frame;
    if (!this.headers.isSuperFrame) return end - start;
    const at = start - VNET_HEADER_BYTES;
    const payload = superFramePayloadOffset(bytes, at, end);
    return payload < 0 ? end - start : Math.min(end, payload + gsoSize(bytes, at)) - start;
  }
}
