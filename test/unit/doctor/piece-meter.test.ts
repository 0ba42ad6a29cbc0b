import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { bufferShownBy, PieceMeter } from "../../../src/doctor/piece-meter.ts";

const times = (count: number, bytes: number): number[] => Array.from({ length: count }, () => bytes);

describe("pieces that answers arrive in", () => {
  test("show a buffer of 4 or of 8 KiB", () => {
    assert.equal(bufferShownBy(times(15, 4_096)), 4_096);
    assert.equal(bufferShownBy(times(6, 8_192)), 8_192);
  });

  test("show it too where several were read at once, and where something else came in between", () => {
    assert.equal(bufferShownBy([12_288, 8_192, 57_344, 12_288, 61_440, 8_192]), 4_096);
    assert.equal(bufferShownBy([...times(9, 4_096), 60, 1_000]), 4_096);
  });

  test("are no sign where TLS or TCP made them, or where there are few", () => {
    const records = times(4, 16_384).flatMap((bytes) => [bytes, 64]);
    for (const pieces of [times(20, 16_384), records, times(40, 1_448), times(9, 65_550), [4_096, 12_288], []]) {
      assert.equal(bufferShownBy(pieces), undefined);
    }
  });

  test("of any size show nothing", () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 20, maxLength: 60 });
    fc.assert(fc.property(pieces, (list) => bufferShownBy(list) === undefined));
  });

  test("are measured from where the meter began, but the last", () => {
    let received = 100;
    const meter = new PieceMeter(() => received);
    meter.onRead();
    meter.begin();
    for (const bytes of [4_096, 0, 8_192, 77]) {
      received += bytes;
      meter.onRead();
    }
    assert.deepEqual(meter.end(), [4_096, 8_192]);
    assert.deepEqual(meter.end(), []);
  });
});
