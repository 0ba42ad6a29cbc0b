/** Super-frames as a v2 peer may send them, for the virtio-net header's check and the Segmenter behind it. */
import assert from "node:assert/strict";
import { DROP_NAMES, Drop } from "../src/base/drop-reason.ts";
import { Frame } from "../src/wire/frame.ts";
import { Segmenter } from "../src/wire/segment.ts";
import {
  MIN_TCP_GSO_BYTES,
  requiredOffloads,
  sanitizeVnetHeader,
  VNET_HEADER_BYTES,
  VnetGso,
} from "../src/wire/vnet-header.ts";
import type { Random } from "./fuzz-random.ts";

const MAX_FRAME_BYTES = 1514;
/** Of a 64 KiB packet at the least segment size there may be. */
const MAX_SEGMENTS = Math.ceil(65_535 / MIN_TCP_GSO_BYTES);
/** Lies around every input; a decoder that touches it has left its bounds. */
const GUARD_BYTES = 32;
const GUARD = 0xa5;

const segmenter = new Segmenter({ headroom: 16 });

/** A virtio-net header and a frame that belong together, or almost. */
export function superFrameInput(random: Random): Uint8Array {
  const isIpv6 = random.oneIn(2);
  const isUdp = random.oneIn(3);
  const tags = random.several(3, () => [0x81, 0x00, 0, 1]).flat();
  const payload = random.bytes(random.oneIn(4) ? random.below(5000) : random.below(200));
  const transport = isUdp ? udpHeader(payload.length) : tcpHeader(random);
  const ip = isIpv6
    ? ipv6Header(transport.length + payload.length, isUdp)
    : ipv4Header(transport.length + payload.length, isUdp);
  const ethernet = [...random.bytes(12), ...tags, ...(isIpv6 ? [0x86, 0xdd] : [0x08, 0x00])];
  const csumStart = ethernet.length + ip.length;
  const type = isUdp ? VnetGso.udpL4 : isIpv6 ? VnetGso.tcpv6 : VnetGso.tcpv4;
  const vnet = vnetHeader(random.oneIn(5) ? VnetGso.none : type, 1 + random.below(1400), csumStart, isUdp ? 6 : 16);
  return Uint8Array.from([...vnet, ...ethernet, ...ip, ...transport, ...payload]);
}

/** Whatever the header says, nothing beside the input changes, and what was accepted is cut into frames that fit. */
export function checkVnetFrame(input: Uint8Array): boolean {
  const bytes = new Uint8Array(input.length + 2 * GUARD_BYTES).fill(GUARD);
  bytes.set(input, GUARD_BYTES);
  const end = GUARD_BYTES + input.length;
  const start = GUARD_BYTES + VNET_HEADER_BYTES;
  if (start <= end) segmentAll(new Frame(bytes).set(bytes, start, end, true));
  const accepted = sanitizeVnetHeader(bytes, GUARD_BYTES, end);
  if (accepted) checkAccepted(bytes, start, end);
  else assert.deepEqual(bytes.subarray(GUARD_BYTES, end), input, "a refused frame is left as it was");
  assert.ok(bytes.subarray(0, GUARD_BYTES).every((byte) => byte === GUARD));
  assert.ok(bytes.subarray(end).every((byte) => byte === GUARD));
  return accepted;
}

function checkAccepted(bytes: Uint8Array, start: number, end: number): void {
  const once = bytes.slice();
  assert.ok(sanitizeVnetHeader(bytes, start - VNET_HEADER_BYTES, end));
  assert.deepEqual(bytes, once, "a sane header stays as it is");
  const frame = new Frame(bytes).set(bytes, start, end, true);
  assert.ok(requiredOffloads(frame) >= 0);
  const { reason, count } = segmentAll(frame);
  assert.ok(reason === Drop.none || reason === Drop.tooBig, `sane, yet not segmented: ${DROP_NAMES[reason]}`);
  assert.ok(count <= MAX_SEGMENTS, `sane, yet ${count} segments`);
}

function segmentAll(frame: Frame): { readonly reason: number; readonly count: number } {
  const before = frame.bytes.slice();
  let count = 0;
  const reason = segmenter.segment(frame, MAX_FRAME_BYTES, (bytes, start, end) => {
    count++;
    assert.ok(start >= 16 && end <= bytes.length && end >= start && end - start <= MAX_FRAME_BYTES);
  });
  assert.ok(reason === Drop.none ? count >= 1 : count === 0);
  assert.deepEqual(frame.bytes, before, "the source is only read");
  return { reason, count };
}

function vnetHeader(type: number, gsoSize: number, csumStart: number, csumOffset: number): number[] {
  const size = type === VnetGso.none ? 0 : gsoSize;
  return [1, type, 0, 0, ...little(size), ...little(csumStart), ...little(csumOffset)];
}

function ipv4Header(payloadBytes: number, isUdp: boolean): number[] {
  return [0x45, 0, ...big(20 + payloadBytes), 0, 1, 0x40, 0, 64, isUdp ? 17 : 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
}

function ipv6Header(payloadBytes: number, isUdp: boolean): number[] {
  return [0x60, 0, 0, 0, ...big(payloadBytes), isUdp ? 17 : 6, 64, ...new Array<number>(32).fill(0xfd)];
}

function tcpHeader(random: Random): number[] {
  const optionBytes = 4 * random.below(4);
  const offset = (5 + optionBytes / 4) << 4;
  return [...random.bytes(12), offset, 0x18, 0xff, 0xff, 0, 0, 0, 0, ...new Array<number>(optionBytes).fill(1)];
}

function udpHeader(payloadBytes: number): number[] {
  return [0x10, 0, 0x20, 0, ...big(8 + payloadBytes), 0, 0];
}

function big(value: number): [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function little(value: number): [number, number] {
  return [value & 0xff, (value >>> 8) & 0xff];
}
