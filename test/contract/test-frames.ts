import type { Device, FrameBatch } from "../../src/device/device.ts";
import { HEADROOM } from "../../src/device/device.ts";
import { finishSum, sumBytes } from "../../src/wire/checksum.ts";
import { Frame } from "../../src/wire/frame.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";

/** To 02:aa:00:00:00:01, from 02:aa:00:00:00:02, EtherType 0x88b5 (IEEE 802, for local experiments). */
const TEST_ETHERNET_HEADER = Buffer.from("02aa00000001" + "02aa00000002" + "88b5", "hex");

/** An Ethernet frame of `length` bytes, at least 14, that carries `tag` in each byte of its payload. */
export function testFrame(length: number, tag = 0): Buffer {
  return Buffer.concat([TEST_ETHERNET_HEADER, Buffer.alloc(length - 14, tag)]);
}

/** flags NEEDS_CSUM, type TCPv4, hdr_len 54, gso_size 1000, csum_start 34, csum_offset 16; little-endian. */
const SUPER_FRAME_HEADER = Buffer.from("01" + "01" + "3600" + "e803" + "2200" + "1000", "hex");

/** The bytes of a super-frame's headers: virtio-net, Ethernet, IPv4 and TCP without options. */
export const SUPER_FRAME_HEADERS_BYTES = VNET_HEADER_BYTES + 14 + 20 + 20;

/**
 * A virtio-net header and its super-frame, to be cut into TCP segments of 1000 bytes of payload. The IPv4 header is
 * right to the last bit, because a bridge with netfilter checks it.
 */
export function superFrame(payloadBytes: number): Buffer {
  const ethernet = Buffer.from(TEST_ETHERNET_HEADER);
  ethernet.writeUInt16BE(0x0800, 12);
  // version and length 45, total length, DF, TTL 64, TCP, checksum, 10.9.0.1 to 10.9.0.2
  const ip = Buffer.from("45000000" + "00004000" + "40060000" + "0a090001" + "0a090002", "hex");
  ip.writeUInt16BE(20 + 20 + payloadBytes, 2);
  ip.writeUInt16BE(finishSum(sumBytes(new DataView(ip.buffer, ip.byteOffset, 20), 0, 20, 0)), 10);
  // ports 1 to 2, sequence, acknowledgement, 20 bytes with ACK, window, checksum, urgent pointer
  const tcp = Buffer.from("00010002" + "00000001" + "00000001" + "50100400" + "00000000", "hex");
  return Buffer.concat([SUPER_FRAME_HEADER, ethernet, ip, tcp, Buffer.alloc(payloadBytes, 0x5a)]);
}

/** Writes plain frames to a device from one buffer, and flushes; returns how many were refused. */
export function writeFrames(device: Device, frames: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(frames);
  const frame = new Frame(bytes);
  let start = 0;
  for (const { length } of frames) {
    device.write(frame.set(bytes, start, start + length, false));
    start += length;
  }
  return device.flush();
}

/** A copy of a frame that was read. */
export interface ReadFrame {
  readonly vnetHeader: Buffer;
  readonly bytes: Buffer;
}

/** Copies what a device reads, and checks of each batch what must hold for all. */
export class Recorder {
  readonly frames: ReadFrame[] = [];
  /** Frames in each batch. */
  readonly batches: number[] = [];
  readonly errors: Error[] = [];
  /** Called after a batch was recorded, within `onBatch`. */
  afterBatch: (batch: FrameBatch) => void = () => {};

  constructor(device: Device) {
    device.start({ onBatch: (batch) => this.#record(batch), onError: (error) => this.errors.push(error) });
  }

  #record(batch: FrameBatch): void {
    this.batches.push(batch.count);
    let previousEnd = 0;
    for (let i = 0; i < batch.count; i++) {
      const start = batch.spans[2 * i] ?? 0;
      const end = batch.spans[2 * i + 1] ?? 0;
      const header = start - VNET_HEADER_BYTES;
      if (header - previousEnd < HEADROOM) throw new Error(`frame ${i} has ${header - previousEnd} bytes of headroom`);
      if (end < start + 14 || end > batch.bytes.length) throw new Error(`frame ${i} spans ${start} to ${end}`);
      this.frames.push({
        vnetHeader: Buffer.from(batch.bytes.subarray(header, start)),
        bytes: Buffer.from(batch.bytes.subarray(start, end)),
      });
      previousEnd = end;
    }
    this.afterBatch(batch);
  }
}
