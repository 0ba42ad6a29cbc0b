import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { paintFor } from "../../../src/cli/paint.ts";
import { formatAge, formatMoment, formatSize } from "../../../src/cli/quantities.ts";

describe("quantities", () => {
  test("show bytes with three digits", () => {
    const expected = [
      [0, "0 B"],
      [999, "999 B"],
      [1_000, "1.00 kB"],
      [9_996, "10.0 kB"],
      [99_960, "100 kB"],
      [999_499, "999 kB"],
      [999_500, "1.00 MB"],
      [73_234_000, "73.2 MB"],
      [Number.MAX_SAFE_INTEGER, "9.01 PB"],
    ] as const;
    for (const [bytes, text] of expected) assert.equal(formatSize(bytes), text);
  });

  test("show ages in at most two units", () => {
    const expected = [
      [-5, "0 s"],
      [59_999, "59 s"],
      [60_000, "1 min"],
      [3_600_000, "1 h"],
      [7_500_000, "2 h 5 min"],
      [86_400_000, "1 d"],
      [273_600_000, "3 d 4 h"],
    ] as const;
    for (const [ms, text] of expected) assert.equal(formatAge(ms), text);
  });

  test("show the day of a moment that is not of today", () => {
    const noon = new Date(2026, 10, 23, 12, 0, 5).getTime();
    assert.equal(formatMoment(noon, noon + 1_000), "12:00:05");
    assert.equal(formatMoment(noon, noon + 86_400_000), "2026-11-23 12:00:05");
  });
});

describe("paint", () => {
  test("is for terminals that show colours, and nobody else", () => {
    const hasColors = (): boolean => true;
    assert.equal(paintFor({ isTTY: true, hasColors })("red", "no"), "\u001b[31mno\u001b[39m");
    assert.equal(paintFor({ isTTY: true, hasColors: () => false })("red", "no"), "no");
    assert.equal(paintFor({ hasColors })("red", "no"), "no");
    assert.equal(paintFor({})("red", "no"), "no");
  });
});
