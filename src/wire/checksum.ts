/**
 * The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words in network
 * order, an odd last byte padded with zero.
 *
 * A partial sum is a number up to 0xffff. Partial sums add up as plain integers as long as each span but the last has
 * an even length; `finishSum` folds the total.
 *
 * The loops add 32-bit words as they lie, little-endian, and swap the two bytes of the result: a one's complement sum
 * allows both. A double holds the total exactly, so no carry is lost and spans up to 8 MiB are safe. Measured on
 * Node 20 for 1448 bytes: one byte at a time 590 ns, integer accumulators 120 ns, doubles 85 ns, with the copy
 * 145 ns. Alignment makes no difference, so a span may start anywhere.
 */
import { IPV4_CHECKSUM } from "./ip-packet.ts";

/** Adds the bytes in [start, end) to the partial sum `initial`. */
export function sumBytes(view: DataView, start: number, end: number, initial: number): number {
  let even = 0;
  let odd = 0;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    even += view.getUint32(at, true) + view.getUint32(at + 4, true);
    odd += view.getUint32(at + 8, true) + view.getUint32(at + 12, true);
  }
  for (; at + 2 <= end; at += 2) even += view.getUint16(at, true);
  if (at < end) even += view.getUint8(at);
  return fold(networkOrder(even + odd) + initial);
}

/**
 * Copies [start, end) of `source` to `target` at `to`, and returns its partial sum: one pass over the bytes instead
 * of two, and no `subarray` as `TypedArray.set` would need.
 */
export function copyAndSum(source: DataView, start: number, end: number, target: DataView, to: number): number {
  let even = 0;
  let odd = 0;
  let at = start;
  let put = to;
  for (; at + 16 <= end; at += 16, put += 16) {
    const a = source.getUint32(at, true);
    const b = source.getUint32(at + 4, true);
    const c = source.getUint32(at + 8, true);
    const d = source.getUint32(at + 12, true);
    target.setUint32(put, a, true);
    target.setUint32(put + 4, b, true);
    target.setUint32(put + 8, c, true);
    target.setUint32(put + 12, d, true);
    even += a + b;
    odd += c + d;
  }
  for (; at + 2 <= end; at += 2, put += 2) {
    const word = source.getUint16(at, true);
    target.setUint16(put, word, true);
    even += word;
  }
  if (at < end) {
    const byte = source.getUint8(at);
    target.setUint8(put, byte);
    even += byte;
  }
  return networkOrder(even + odd);
}

/** Folds a sum of partial sums and complements it: the number that goes into a checksum field. */
export function finishSum(sum: number): number {
  return ~fold(sum) & 0xffff;
}

/**
 * As `finishSum`, but never zero: in UDP zero means "no checksum" (RFC 768, RFC 8200 section 8.1), and to every other
 * protocol 0xffff is the same value. The kernel does so too (CSUM_MANGLED_0).
 */
export function finishTransportSum(sum: number): number {
  return finishSum(sum) || 0xffff;
}

/** Writes the checksum of the IPv4 header in [start, end) (RFC 791), whatever is in its place. */
export function setIpv4Checksum(view: DataView, start: number, end: number): void {
  view.setUint16(start + IPV4_CHECKSUM, 0);
  view.setUint16(start + IPV4_CHECKSUM, finishSum(sumBytes(view, start, end, 0)));
}

/** The partial sum for a total of little-endian words, below 2^53. */
function networkOrder(total: number): number {
  const folded = fold(fold(total >>> 0) + fold(Math.floor(total / 0x1_0000_0000)));
  return ((folded & 0xff) << 8) | (folded >>> 8);
}

/** One's complement sum of the two halves of an unsigned 32-bit integer. */
function fold(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return (once >>> 16) + (once & 0xffff);
}
