import type { Clock } from "../base/clock.ts";
import { Drop, type DropReason } from "../base/drop-reason.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { Frame } from "../wire/frame.ts";
import { TooBigAnswer } from "../wire/icmp-too-big.ts";
import { Ipv4Fragmenter, mayBeFragmented } from "../wire/ip-fragment.ts";
import { Segmenter } from "../wire/segment.ts";
import type { Port } from "./port.ts";

/**
 * Answers a port gets. A host needs one for each destination, and forgets it after ten minutes; more only help whoever
 * wants the switch to work for nothing.
 */
const ANSWERS = { perSecond: 100, burst: 50 };

/**
 * What becomes of frames that are too large for the port they should go to: IPv4 packets that may be fragmented are, and
 * the sender of any other learns what would fit, so that nothing vanishes without a word.
 *
 *     fits ─────────────────────────────────────► delivered
 *     too large ─► IPv4 without DF ──► fragments ► delivered
 *              └─► dropped (too-big) ─► IP ──────► ICMP answer to the ingress port
 *
 * All of it is off the path of ordinary frames. What is delivered lies in memory of this object, so it is flushed at
 * once.
 */
export class FrameSizes {
  readonly #clock: Clock;
  readonly #answer = new TooBigAnswer();
  readonly #buckets = new WeakMap<Port, TokenBucket>();
  /** Made when the first frame needs them: most networks never do. */
  #fragmenter: Ipv4Fragmenter | undefined;
  #segmenter: Segmenter | undefined;
  readonly #fragment = new Frame(new Uint8Array(0));
  #egress: Port | undefined;
  #segmentsDropped = 0;

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
  }

  /**
   * Tells the sender that `mtu` bytes would pass. The answer goes straight to the attachment it is for: it comes from an
   * address that is not the switch's own, which no guard would let through.
   */
  answer(ingress: Port, mtu: number, frame: Frame): void {
    if (!this.#answer.make(frame, mtu) || !this.#mayAnswer(ingress) || !ingress.give(this.#answer.frame)) return;
    ingress.egress.flush();
    ingress.tooBigAnswers++;
  }

  /** Delivers a frame that is too large as fragments; false, and counted, if that cannot be. */
  deliverFragments(egress: Port, frame: Frame): boolean {
    const drop = this.#deliverFragments(egress, frame);
    if (drop !== Drop.none) egress.withhold(frame, drop);
    return drop === Drop.none;
  }

  #deliverFragments(egress: Port, frame: Frame): DropReason {
    if (!mayBeFragmented(frame.bytes, frame.start, frame.end)) return Drop.tooBig;
    this.#egress = egress;
    this.#segmentsDropped = 0;
    // Completes the checksum, which goes over all fragments, and takes super-frames apart first.
    this.#segmenter ??= new Segmenter({ headroom: 0 });
    const drop = this.#segmenter.segment(frame, MAX_FRAME_BYTES, this.#onSegment);
    if (drop !== Drop.none) return drop;
    return this.#segmentsDropped === 0 ? Drop.none : Drop.tooBig;
  }

  readonly #onSegment = (bytes: Uint8Array, start: number, end: number): void => {
    const { mtu, egress } = this.#egress as Port;
    this.#fragmenter ??= new Ipv4Fragmenter();
    const drop = this.#fragmenter.fragment(bytes, start, end, mtu, this.#onFragment);
    if (drop === Drop.none) egress.flush();
    else this.#segmentsDropped++;
  };

  readonly #onFragment = (bytes: Uint8Array, start: number, end: number): void => {
    const egress = this.#egress as Port;
    if (egress.give(this.#fragment.set(bytes, start, end, false))) egress.sentFragments++;
  };

  #mayAnswer(port: Port): boolean {
    const nowMs = this.#clock.nowMs();
    let bucket = this.#buckets.get(port);
    if (bucket === undefined) {
      bucket = new TokenBucket(ANSWERS.perSecond, ANSWERS.burst, nowMs);
      this.#buckets.set(port, bucket);
    }
    return bucket.take(1, nowMs);
  }
}
