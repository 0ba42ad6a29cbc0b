import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DROP_NAMES, type DropReason } from "../../src/base/drop-reason.ts";
import { compileFilter, MAX_FILTER_LENGTH } from "../../src/capture/filter.ts";
import type { FrameTest } from "../../src/capture/frame-tests.ts";
import { PassingFrame } from "../../src/capture/passing-frame.ts";
import { Frame } from "../../src/wire/frame.ts";
import { damagedFrame, wellFormedFrame } from "./damaged-frame.ts";
import { filterArbitrary, type Passing, seen } from "./naive-filter.ts";

const MACS = [
  [2, 0, 0, 0, 0, 1],
  [2, 0, 0, 0, 0, 2],
  [255, 255, 255, 255, 255, 255],
  [1, 0, 0x5e, 0, 0, 1],
];
/** Sender and target are addresses that the others have too. */
const arp = fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1), fc.nat(3)).map(([sender, target, missing]) => {
  const packet = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, sender, 0, 0, 0, 0, 0, 0, 10, 0, 0, target];
  return [...(MACS[2] as number[]), ...(MACS[0] as number[]), 0x08, 0x06, ...packet.slice(0, 29 - missing)];
});
const addressed = fc
  .tuple(wellFormedFrame, fc.constantFrom(...MACS), fc.constantFrom(...MACS))
  .map(([frame, to, from]) => [...to, ...from, ...frame.slice(12)]);
const passing: fc.Arbitrary<Passing> = fc.record({
  frame: fc.oneof(arp, addressed, damagedFrame),
  isEgress: fc.boolean(),
  drop: fc.oneof(fc.constant(0), fc.nat(DROP_NAMES.length - 1)),
});

/** One for all, as in use: what it said of the last frame must not show. */
const shown = new PassingFrame();

function holds(test: FrameTest, { frame, isEgress, drop }: Passing): boolean {
  const bytes = Uint8Array.from([0xff, 0xff, ...frame, 0xff, 0xff]);
  shown.show(new Frame(bytes).set(bytes, 2, 2 + frame.length, false), isEgress, drop as DropReason);
  return test(shown);
}

test("a filter lets pass what the naive reading of it lets pass", () => {
  const few = fc.array(passing, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(filterArbitrary, few, (filter, frames) => {
      fc.pre(filter.text.length <= MAX_FILTER_LENGTH);
      const compiled = compileFilter(filter.text);
      assert.ok(compiled.state === "good", `${filter.text}: ${JSON.stringify(compiled)}`);
      for (const one of frames) assert.equal(holds(compiled.test, one), filter.holds(seen(one)), filter.text);
    }),
    { numRuns: 3000 },
  );
});

test("whatever is written compiles or is refused with a place inside the text", () => {
  const word = fc.constantFrom(
    ...["and", "or", "not", "(", ")", "tcp", "ip", "src", "dst", "host", "net", "port", "portrange", "vlan", "ether"],
    ...[
      "proto",
      "less",
      "10.0.0.1",
      "10.0.0.0/8",
      "53",
      "80-90",
      "fd00::1",
      "02:00:00:00:00:01",
      "dropped",
      "loop",
      "é",
    ],
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (filter) => {
      const compiled = compileFilter(filter);
      if (compiled.state === "good") return;
      const place = Number(/at character (\d+)/.exec(compiled.message)?.[1]);
      assert.ok(place >= 1 && place <= filter.length + 1, compiled.message);
    }),
    { numRuns: 3000 },
  );
});
