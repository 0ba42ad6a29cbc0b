/**
 * XORs `bytes[start, end)` in place with the four bytes of `key` in turn (RFC 6455, 5.3). `key` holds the key bytes
 * big-endian as an int32, as they stand on the wire; its first byte goes with `start`. Masking twice restores.
 */
export type MaskBytes = (bytes: Uint8Array, start: number, end: number, key: number) => void;

/** Plain `MaskBytes`, four bytes a turn without a view to allocate; the addon brings one that is faster still. */
export const maskBytes: MaskBytes = (bytes, start, end, key) => {
  const key0 = key >>> 24;
  const key1 = (key >>> 16) & 0xff;
  const key2 = (key >>> 8) & 0xff;
  const key3 = key & 0xff;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    (bytes[at] as number) ^= key0;
    (bytes[at + 1] as number) ^= key1;
    (bytes[at + 2] as number) ^= key2;
    (bytes[at + 3] as number) ^= key3;
  }
  for (let shift = 24; at < end; at++, shift -= 8) (bytes[at] as number) ^= (key >>> shift) & 0xff;
};
