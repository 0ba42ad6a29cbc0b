/** `count` words out of one seed: splitmix32, murmur3's finalizer over a counter. */
export function randomWords(count: number, seed: number): Int32Array {
  const words = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let word = (seed + Math.imul(i + 1, 0x9e3779b9)) | 0;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    words[i] = word ^ (word >>> 16);
  }
  return words;
}
