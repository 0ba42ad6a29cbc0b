import { finishSum, sumBytes } from "../../../src/wire/checksum.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { superFrame } from "../../contract/test-frames.ts";
import { addressed, ethernetFrame } from "../../host.ts";

/** What a frame is; `large` ones are 1400 bytes of IPv4, which fit everybody's MTU but one's. */
export type Content = "plain" | "super-frame" | "large" | "large, whole";

export interface Journey {
  readonly source: string;
  readonly destination: string;
  /** Whose IP address is in it, 1 to 250. */
  readonly host: number;
}

export const LARGE_BYTES = 1_400;
/** Fits everybody. */
const MOST_PLAIN_BYTES = 1_200;
const IP_AT = VNET_HEADER_BYTES + 14;
const SEQUENCE_AT = 14 + 20 + 4;
const DONT_FRAGMENT = 0x40;

/** A message of dialect v2: a virtio-net header and a frame. */
export function messageOf(content: Content, { source, destination, host }: Journey, payloadBytes: number): Buffer {
  if (content === "plain") {
    const frame = ethernetFrame(destination, source, Buffer.alloc(Math.min(payloadBytes, MOST_PLAIN_BYTES), 0x5a));
    return Buffer.concat([Buffer.alloc(VNET_HEADER_BYTES), frame]);
  }
  const isSuper = content === "super-frame";
  const bytes = addressed(superFrame(isSuper ? payloadBytes : LARGE_BYTES - 40), destination, source);
  if (!isSuper) bytes.fill(0, 0, VNET_HEADER_BYTES);
  if (content === "large") bytes[IP_AT + 6] = bytes.readUInt8(IP_AT + 6) & ~DONT_FRAGMENT;
  bytes[IP_AT + 15] = host;
  bytes.writeUInt16BE(0, IP_AT + 10);
  const sum = finishSum(sumBytes(new DataView(bytes.buffer, bytes.byteOffset), IP_AT, IP_AT + 20, 0));
  bytes.writeUInt16BE(sum, IP_AT + 10);
  return bytes;
}

/** An IPv4 packet that says it is longer than it is, as the original's client sends what it has cut. */
export function cutFrame(journey: Journey): Buffer {
  return messageOf("large, whole", journey, 0).subarray(VNET_HEADER_BYTES, -100);
}

/** Frames of which these are all, or the parts: the first part of one stands for it. */
export function countFrames(frames: readonly Buffer[]): number {
  return frames.filter((frame) => !isLaterPart(frame)).length;
}

/** Every super-frame begins at sequence number 1. Other TCP packets here do too; fragments have no sequence number. */
function isLaterPart(frame: Buffer): boolean {
  const isTcp = frame.readUInt16BE(12) === 0x0800 && frame[14 + 9] === 6 && (frame.readUInt16BE(14 + 6) & 0x3fff) === 0;
  return isTcp && frame.readUInt32BE(SEQUENCE_AT) !== 1;
}

export function bytesIn(frames: readonly Buffer[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}
