import { Drop, type DropReason } from "../base/drop-reason.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { isBroadcastMac } from "../wire/ethernet.ts";
import type { Frame } from "../wire/frame.ts";
import { gsoSize, isSuperFrame, superFramePayloadOffset, VNET_HEADER_BYTES } from "../wire/vnet-header.ts";
import type { FrameBudget, GuardOptions } from "./guard-options.ts";
import type { GuardTime } from "./guard-time.ts";

/** The budgets of one port for frames that go to many: what one port sends there, all others have to take. */
export class StormControl {
  readonly #time: GuardTime;
  readonly #broadcast: TokenBucket;
  readonly #multicast: TokenBucket;
  readonly #unknown: TokenBucket;

  constructor(time: GuardTime, { broadcast, multicast, unknownUnicast }: GuardOptions) {
    const bucket = ({ perSecond, burst }: FrameBudget) => new TokenBucket(perSecond, burst, time.exactMs());
    this.#time = time;
    this.#broadcast = bucket(broadcast);
    this.#multicast = bucket(multicast);
    this.#unknown = bucket(unknownUnicast);
  }

  /** Judges a frame to the group address `hi`, `lo`. */
  judgeGroup(frame: Frame, hi: number, lo: number): DropReason {
    if (isBroadcastMac(hi, lo)) return this.#take(this.#broadcast, frame) ? Drop.none : Drop.stormBroadcast;
    return this.#take(this.#multicast, frame) ? Drop.none : Drop.stormMulticast;
  }

  judgeUnknown(frame: Frame): DropReason {
    return this.#take(this.#unknown, frame) ? Drop.none : Drop.stormUnknown;
  }

  #take(bucket: TokenBucket, frame: Frame): boolean {
    return bucket.take(segmentsOf(frame), this.#time.exactMs());
  }
}

/** Frames that an ordinary receiver gets of this one. The virtio-net header is the kernel's or sanitized. */
function segmentsOf({ bytes, start, end, hasVnetHeader }: Frame): number {
  const at = start - VNET_HEADER_BYTES;
  if (!hasVnetHeader || !isSuperFrame(bytes, at)) return 1;
  const payload = superFramePayloadOffset(bytes, at, end);
  return payload < 0 ? 1 : Math.ceil((end - payload) / gsoSize(bytes, at));
}
