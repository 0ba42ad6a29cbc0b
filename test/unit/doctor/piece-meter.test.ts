import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { bufferShownBy, PieceMeter } from "../../../src/doctor/piece-meter.ts";

/** Cuts of a message at multiples of the size, as far as 64 KiB. */
const every = (size: number): number[] =>
  Array.from({ length: Math.ceil(65_536 / size) - 1 }, (_, i) => (i + 1) * size);

describe("pieces that answers arrive in", () => {
  test("show a buffer of 4 or of 8 KiB", () => {
    assert.equal(bufferShownBy(every(4_096)), 4_096);
    assert.equal(bufferShownBy([...every(8_192), ...every(8_192)]), 8_192);
  });

  test("show it too where several were read at once, and where something else came in between", () => {
    assert.equal(bufferShownBy([4_096, 12_288, 16_384, 28_672, 4_096, 20_480, 36_864, 61_440]), 4_096);
    assert.equal(bufferShownBy([...every(4_096), 1_000]), 4_096);
  });

  test("are no sign where TLS or TCP cut them, or where there are few", () => {
    for (const cuts of [every(16_384), every(1_448), every(16_401), every(32_768), [4_096, 12_288], []]) {
      assert.equal(bufferShownBy(cuts), undefined);
    }
  });

  test("at random show nothing", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 20, maxLength: 60 });
    fc.assert(fc.property(cuts, (list) => bufferShownBy(list) === undefined));
  });

  test("are counted from where the meter began, each once", () => {
    let received = 100;
    const meter = new PieceMeter(() => received);
    meter.onRead();
    meter.begin();
    for (const bytes of [4_096, 0, 4_096]) {
      received += bytes;
      meter.onRead();
    }
    assert.deepEqual(meter.end(), [4_096, 8_192]);
    assert.deepEqual(meter.end(), []);
  });
});
