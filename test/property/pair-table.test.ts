import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MAX_PAIRS, type Pair, PairTable } from "../../src/switch/pair-table.ts";
import { Port } from "../../src/switch/port.ts";
import { Frame } from "../../src/wire/frame.ts";
import { leastHeapGrowthBytes } from "../heap-growth.ts";
import { ethernetFrame } from "../host.ts";
import { RecordingEgress } from "../recording-egress.ts";

const portAt = (index: number): Port =>
  new Port(index, { name: `${index}`, mac: undefined, bridge: true, egress: new RecordingEgress() });

/** A frame of so many bytes. */
function frameOf(bytes: number, destination = "02:00:00:00:00:01"): Frame {
  const ethernet = ethernetFrame(destination, "02:00:00:00:00:02", Buffer.alloc(bytes - 14));
  return new Frame(ethernet).set(ethernet, 0, ethernet.length, false);
}

type Step =
  | { readonly kind: "frame"; readonly from: number; readonly to: number; readonly bytes: number }
  | { readonly kind: "left"; readonly port: number };

/** Far apart and close together, so that runs of slots meet. */
const INDICES = [0, 1, 2, 3, 4_095, 4_096, 65_535, 65_536];
const index = fc.constantFrom(...INDICES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant("frame" as const),
      from: index,
      to: index,
      bytes: fc.integer({ min: 14, max: 1_514 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("left" as const), port: index }) },
);

const ports = new Map(INDICES.map((at) => [at, portAt(at)]));

const sorted = (pairs: Iterable<Pair>): Pair[] => [...pairs].sort((a, b) => a.from - b.from || a.to - b.to);

describe("pair table", () => {
  test("counts as a Map would, and forgets the pairs of a port that left", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new PairTable();
        let naive: Pair[] = [];
        for (const one of steps) {
          if (one.kind === "left") {
            table.left(ports.get(one.port) as Port);
            naive = naive.filter(({ from, to }) => from !== one.port && to !== one.port);
          } else {
            const { from, to, bytes } = one;
            table.passed(ports.get(from) as Port, ports.get(to) as Port, frameOf(bytes));
            const pair = naive.find((known) => known.from === from && known.to === to);
            naive = naive.filter((known) => known !== pair);
            naive.push({ from, to, frames: (pair?.frames ?? 0) + 1, bytes: (pair?.bytes ?? 0) + bytes });
          }
        }
        assert.deepEqual(sorted(table.entries()), sorted(naive));
      }),
      { numRuns: 50 },
    );
  });

  test("counts what it has no room for, takes no more, and has room again when ports leave", () => {
    const table = new PairTable();
    const many = Array.from({ length: 129 }, (_, at) => portAt(at));
    const frame = frameOf(60);
    for (const from of many) for (const to of many) table.passed(from, to, frame);
    assert.deepEqual([[...table.entries()].length, table.uncountedFrames], [MAX_PAIRS, 129 * 129 - MAX_PAIRS]);
    table.left(many[0] as Port);
    const before = table.uncountedFrames;
    table.passed(portAt(500), portAt(501), frame);
    assert.equal(table.uncountedFrames, before);
    assert.deepEqual(
      [...table.entries()].filter(({ from }) => from === 500),
      [{ from: 500, to: 501, frames: 1, bytes: 60 }],
    );
    assert.ok([...table.entries()].every(({ from, to }) => from !== 0 && to !== 0));
  });

  test("leaves out what goes to all", () => {
    const table = new PairTable();
    table.passed(portAt(1), portAt(2), frameOf(60, "ff:ff:ff:ff:ff:ff"));
    table.passed(portAt(1), portAt(2), frameOf(60, "33:33:00:00:00:01"));
    assert.deepEqual([[...table.entries()], table.uncountedFrames], [[], 0]);
  });

  test("allocates nothing for a frame", () => {
    const table = new PairTable();
    const many = Array.from({ length: 64 }, (_, at) => portAt(at));
    const frame = frameOf(60);
    const growth = leastHeapGrowthBytes(() => {
      for (let round = 0; round < 20; round++) {
        for (const from of many) for (const to of many) table.passed(from, to, frame);
      }
    });
    assert.ok(growth < 50_000, `the heap grew by ${growth} bytes`);
  });
});
