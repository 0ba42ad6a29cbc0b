/** A source of bytes that is the same in every run: a test that fails, fails again (Park and Miller's generator). */
export function seededRandom(seed = 1): (bytes: Uint8Array) => void {
  let state = (Math.abs(seed) % 2_147_483_646) + 1;
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      state = (state * 48_271) % 2_147_483_647;
      bytes[i] = state >>> 11;
    }
  };
}
