import { DROP_NAMES, Drop } from "../base/drop-reason.ts";
import { VERSION } from "../base/version.ts";
import { isBroadcastMac, isGroupMac, MAX_FRAME_BYTES } from "../wire/ethernet.ts";
import { Frame } from "../wire/frame.ts";
import { macHi, macLo } from "../wire/mac.ts";
import { Segmenter } from "../wire/segment.ts";
import {
  gsoSize,
  isPlainVnetHeader,
  isSuperFrame,
  MAX_SUPER_FRAME_HEADER_BYTES,
  VNET_HEADER_BYTES,
} from "../wire/vnet-header.ts";
import type { FrameRing, KeptPassage } from "./frame-ring.ts";
import { MAX_OTHER_BLOCK_BYTES, PacketDirection, PacketReception, PcapngWriter } from "./pcapng.ts";
import type { WatchedPort } from "./watched-port.ts";

/** What is written and not fetched: more than all the segments of any super-frame that a kernel makes. */
const STAGE_BYTES = 1024 * 1024;
/** Losses are told of that often while frames wait, and at once when none do. */
const REPORT_US = 1_000_000;

const DROP_COMMENTS = DROP_NAMES.map((name) => `dropped: ${name}`);

/**
 * Makes a file of what waits in a ring: a port is described before its first frame, super-frames become what they stand
 * for, and what was lost is told of. Works only while somebody takes, and never far ahead of him.
 */
export class CaptureFile {
  readonly #ring: FrameRing;
  readonly #options: { readonly comment: string; readonly snapBytes: number; readonly startMs: number };
  readonly #writer = new PcapngWriter(STAGE_BYTES);
  readonly #segmenter = new Segmenter({ headroom: 0 });
  readonly #frame = new Frame(new Uint8Array(0));
  /** By number. A port that left stays until its last frame is written. */
  readonly #ports = new Map<number, WatchedPort>();
  readonly #undescribed = new Set<WatchedPort>();
  /** Those that lost frames or left since they were last told of. */
  readonly #unreported = new Set<WatchedPort>();
  #isBegun = false;
  #interfaces = 0;
  #reportedUs: number;
  /** Of the frame that is taken apart. */
  #passage: KeptPassage | undefined;
  #interfaceId = 0;
  #lostBefore = 0;

  constructor(
    ring: FrameRing,
    options: { readonly comment: string; readonly snapBytes: number; readonly startMs: number },
  ) {
    this.#ring = ring;
    this.#options = options;
    this.#reportedUs = options.startMs * 1000;
  }

  /** Ports that are watched, or whose frames wait. */
  get ports(): number {
    return this.#ports.size;
  }

  /** Whether there is something to take. */
  get hasMore(): boolean {
    if (!this.#isBegun || this.#writer.pendingBytes > 0 || !this.#ring.isEmpty) return true;
    return this.#undescribed.size > 0 || this.#unreported.size > 0;
  }

  add(watched: WatchedPort): void {
    this.#ports.set(watched.number, watched);
    this.#undescribed.add(watched);
  }

  /** Watches those no more for which `matches` is true. */
  remove(matches: (watched: WatchedPort) => boolean): void {
    for (const watched of this.#ports.values()) {
      if (watched.isGone || !matches(watched)) continue;
      watched.leave();
      if (watched.interfaceId === undefined && watched.wantedFrames === 0) this.#forget(watched);
      else this.#unreported.add(watched);
    }
  }

  /** A frame of the port found no room. */
  noteLoss(watched: WatchedPort): void {
    watched.lose();
    this.#unreported.add(watched);
  }

  /** The next bytes, the caller's to keep; undefined if there are none. */
  take(maxBytes: number, nowUs: number): Uint8Array | undefined {
    if (!this.#isBegun) this.#writer.section(`vpn-ws ${VERSION}`, this.#options.comment);
    this.#isBegun = true;
    if (nowUs - this.#reportedUs >= REPORT_US) this.#report(nowUs);
    while (this.#writer.pendingBytes < maxBytes && (this.#describeNext() || this.#writeOldest()));
    if (this.#ring.isEmpty) this.#report(nowUs);
    return this.#writer.take(maxBytes);
  }

  #describeNext(): boolean {
    for (const watched of this.#undescribed) {
      if (this.#writer.roomBytes < MAX_OTHER_BLOCK_BYTES) return false;
      this.#undescribed.delete(watched);
      const { name, description } = watched.captured;
      this.#writer.interface(name, description, this.#options.snapBytes);
      watched.interfaceId = this.#interfaces;
      this.#interfaces++;
      return true;
    }
    return false;
  }

  /** False if there is no frame, or no room for all it becomes. */
  #writeOldest(): boolean {
    // A frame comes after the description of its port.
    if (this.#ring.isEmpty || this.#undescribed.size > 0) return false;
    const frame = this.#frame;
    const passage = this.#ring.oldest(frame);
    const neededBytes = this.#neededBytes(frame, passage);
    if (neededBytes > this.#writer.roomBytes && this.#writer.pendingBytes > 0) return false;
    const watched = this.#ports.get(passage.port) as WatchedPort;
    this.#passage = passage;
    this.#interfaceId = watched.interfaceId as number;
    this.#lostBefore = passage.lostBefore;
    if (neededBytes > this.#writer.roomBytes || !this.#writeOrdinaryFrames(frame, passage.frameBytes)) {
      this.#writePacket(frame.bytes, frame.start, frame.end, passage.frameBytes);
    }
    watched.waitingFrames--;
    this.#ring.removeOldest();
    return true;
  }

  /** What the frame takes as packets, at most. */
  #neededBytes(frame: Frame, { drop, frameBytes }: KeptPassage): number {
    const { bytes, start, end } = frame;
    const comment = DROP_COMMENTS[drop] as string;
    const at = start - VNET_HEADER_BYTES;
    if (!frame.hasVnetHeader || !isSuperFrame(bytes, at)) return this.#writer.packetBlockBytes(end - start, comment);
    const segments = Math.ceil(frameBytes / Math.max(1, gsoSize(bytes, at)));
    return end - start + segments * this.#writer.packetBlockBytes(MAX_SUPER_FRAME_HEADER_BYTES, comment);
  }

  /** Takes a super-frame apart and completes what a kernel would have; false if there is nothing to do or it cannot be. */
  #writeOrdinaryFrames(frame: Frame, frameBytes: number): boolean {
    if (!frame.hasVnetHeader || isPlainVnetHeader(frame.bytes, frame.start - VNET_HEADER_BYTES)) return false;
    const drop =
      frame.length < frameBytes
        ? this.#segmenter.outline(frame, frameBytes, this.#onOutline)
        : this.#segmenter.segment(frame, MAX_FRAME_BYTES, this.#onSegment);
    return drop === Drop.none;
  }

  readonly #onSegment = (bytes: Uint8Array, start: number, end: number): void => {
    this.#writePacket(bytes, start, end, end - start);
  };

  readonly #onOutline = (bytes: Uint8Array, start: number, end: number, segmentBytes: number): void => {
    this.#writePacket(bytes, start, end, segmentBytes);
  };

  #writePacket(bytes: Uint8Array, start: number, end: number, originalBytes: number): void {
    const { timeUs, isEgress, drop } = this.#passage as KeptPassage;
    const direction = isEgress ? PacketDirection.outbound : PacketDirection.inbound;
    const packet = {
      interfaceId: this.#interfaceId,
      timeUs,
      flags: direction | receptionOf(bytes, start, end),
      lostBefore: this.#lostBefore,
      comment: drop === Drop.none ? "" : (DROP_COMMENTS[drop] as string),
    };
    const keptEnd = Math.min(end, start + this.#options.snapBytes);
    this.#writer.packet(packet, bytes, start, keptEnd, originalBytes);
    this.#lostBefore = 0;
  }

  /** Tells of all ports that lost frames, and for the last time of those that left; what finds no room waits. */
  #report(nowUs: number): void {
    this.#reportedUs = nowUs;
    for (const watched of this.#unreported) {
      const isInOrder = watched.interfaceId !== undefined && (!watched.isGone || watched.waitingFrames === 0);
      if (!isInOrder) continue;
      if (this.#writer.roomBytes < MAX_OTHER_BLOCK_BYTES) return;
      this.#unreported.delete(watched);
      this.#writeStatistics(watched, nowUs);
      if (watched.isGone) this.#forget(watched);
    }
  }

  #writeStatistics(watched: WatchedPort, nowUs: number): void {
    const { lostFrames } = watched;
    this.#writer.statistics({
      interfaceId: watched.interfaceId as number,
      startUs: this.#options.startMs * 1000,
      endUs: nowUs,
      received: watched.seenFrames,
      accepted: watched.wantedFrames,
      dropped: lostFrames,
      comment: lostFrames === 0 ? "" : `${lostFrames} frames lost: there were more than a capture takes`,
    });
  }

  #forget(watched: WatchedPort): void {
    this.#ports.delete(watched.number);
    this.#undescribed.delete(watched);
    this.#unreported.delete(watched);
  }
}

function receptionOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 6 || !isGroupMac(macHi(bytes, start))) return PacketReception.unicast;
  const isBroadcast = isBroadcastMac(macHi(bytes, start), macLo(bytes, start));
  return isBroadcast ? PacketReception.broadcast : PacketReception.multicast;
}
