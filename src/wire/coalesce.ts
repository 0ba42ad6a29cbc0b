/**
 * Joins consecutive segments of a TCP flow into one super-frame: the reverse of segment.ts, known as generic receive
 * offload.
 *
 *     in    │ headers │ payload 0 │   │ headers │ payload 1 │   …   │ headers │ last payload │
 *     out   │ virtio-net header │ headers, lengths patched │ payload 0 │ payload 1 │ … │ last payload │
 *
 * A kernel does most of its work per frame that it is given. Peers without offload send ordinary frames only, and
 * forty of them are one super-frame.
 *
 * Cut again, a super-frame becomes the frames it was made of, in their order. Two numbers that mean nothing may differ: the
 * identification of IPv4 packets that nobody may fragment (RFC 6864), and a TCP checksum of zero, which becomes 0xffff. So
 * what is joined agrees in every field that a cut repeats, and its checksums are right: a super-frame has none that would
 * tell later. The conditions are those of Linux (net/ipv4/tcp_offload.c, net/ipv4/af_inet.c, net/ipv6/ip6_offload.c).
 */
import { BatchView } from "./batch-view.ts";
import { copyAndSum } from "./checksum.ts";
import { copyBytes } from "./copy.ts";
import { MAX_FRAME_BYTES } from "./ethernet.ts";
import { Frame } from "./frame.ts";
import type { OffloadSet } from "./offload.ts";
import { TcpSegment } from "./tcp-segment.ts";
import { VNET_HEADER_BYTES } from "./vnet-header.ts";

export interface CoalescedSink {
  /** Takes a frame that stands for `frames` frames of `frameBytes` bytes in all; borrows its bytes until `release`. */
  write(frame: Frame, frames: number, frameBytes: number): void;
  /** Is to be done with all bytes it has borrowed when it returns. */
  release(): void;
}

/**
 * Passes frames on in their order, those joined that can be. Owns memory for one super-frame, which `sink` borrows.
 *
 *     nothing open ──segment──► first open ──its successor──► joined ──another──► joined …
 *          ▲                        └──────────anything else, flush──────────────────┘
 */
export class Coalescer {
  readonly #sink: CoalescedSink;
  readonly #offloads: OffloadSet;
  readonly #frame = new Frame(new Uint8Array(0));
  readonly #scratch = new Uint8Array(VNET_HEADER_BYTES + MAX_FRAME_BYTES);
  readonly #scratchView = new DataView(this.#scratch.buffer);
  /** The first segment of what is open: where it arrived, or, once joined with others, in the scratch. */
  #open = new TcpSegment();
  #arrived = new TcpSegment();
  /** Segments that are open. */
  #count = 0;
  /** Bytes of the frames they were. */
  #frameBytes = 0;
  #isScratchLent = false;
  readonly #views = new BatchView();

  /** `offloads` is what the receiver takes. */
  constructor(sink: CoalescedSink, offloads: OffloadSet) {
    this.#sink = sink;
    this.#offloads = offloads;
  }

  /** Borrows the frame's bytes until `flush`. */
  push(frame: Frame): void {
    const arrived = this.#arrived;
    if (!arrived.read(frame, this.#views.of(frame.bytes), this.#offloads)) {
      this.#close();
      this.#sink.write(frame, 1, frame.length);
      return;
    }
    if (this.#count > 0 && arrived.follows(this.#open, this.#count) && this.#join(arrived)) return;
    this.#close();
    this.#arrived = this.#open;
    this.#open = arrived;
    this.#count = 1;
    this.#frameBytes = frame.length;
    if (arrived.isPushed) this.#close();
  }

  /** Hands on what is open, and takes back what the sink has borrowed. */
  flush(): void {
    this.#close();
    this.#sink.release();
    this.#isScratchLent = false;
  }

  /** Appends a segment that follows; false if its checksum, or that of the first one, is wrong. */
  #join(next: TcpSegment): boolean {
    const open = this.#open;
    if (this.#count === 1 && !this.#copyFirst(open)) return false;
    if (!this.#copyPayload(next, VNET_HEADER_BYTES + open.length)) return false;
    if (this.#count === 1) this.#moveToScratch(open);
    open.end += next.payloadBytes;
    open.isPushed = next.isPushed;
    this.#count++;
    this.#frameBytes += next.length;
    if (next.isPushed || next.payloadBytes < open.gsoSize) this.#close();
    return true;
  }

  /** Copies the first one's payload, to a scratch that is ours again. */
  #copyFirst(first: TcpSegment): boolean {
    if (this.#isScratchLent) this.#sink.release();
    this.#isScratchLent = false;
    return this.#copyPayload(first, VNET_HEADER_BYTES + first.payload - first.start);
  }

  /** Copies a segment's payload to its place in the scratch; false if a checksum of the segment is wrong. */
  #copyPayload(segment: TcpSegment, to: number): boolean {
    return segment.isIntact(copyAndSum(segment.view, segment.payload, segment.end, this.#scratchView, to));
  }

  /** The first segment, whose payload is there already. */
  #moveToScratch(first: TcpSegment): void {
    copyBytes(first.bytes, first.start, first.payload, this.#scratch, VNET_HEADER_BYTES);
    first.moveTo(this.#scratch, this.#scratchView, VNET_HEADER_BYTES);
  }

  /** Hands on what is open. */
  #close(): void {
    const open = this.#open;
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (open.bytes === this.#scratch) {
      open.finish();
      this.#isScratchLent = true;
    }
    const frame = this.#frame.set(open.bytes, open.start, open.end, open.hasVnetHeader);
    this.#sink.write(frame, count, this.#frameBytes);
  }
}
