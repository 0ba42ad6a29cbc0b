import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TrafficPair } from "../../../src/control/model.ts";
import { NetworkLayout } from "../../../web/src/drawing/layout.ts";
import { linesOf, lineWidth, MAX_LINES } from "../../../web/src/drawing/lines.ts";
import { neighbourOf, nodeAt } from "../../../web/src/drawing/pointing.ts";
import { type Talk, talksBetween } from "../../../web/src/drawing/talks.ts";

function pair(from: string, to: string, bytes: number, frames = bytes / 100): TrafficPair {
  return { network: "default", from, to, frames, bytes };
}

function talk(from: string, to: string, bitsPerSecond: number): Talk {
  return { network: "default", from, to, bitsPerSecond, framesPerSecond: 1 };
}

const PEERS = Array.from({ length: 100 }, (_, i) => String(i));
const DEFAULT = { name: "default", uplink: "uplink:default", peers: PEERS };
const FRAME = { width: 1200, height: 720 };

describe("who talks to whom", () => {
  test("is what was added between two looks, by the second, the heaviest first", () => {
    const before = { atMs: 1_000, pairs: [pair("1", "2", 1_000), pair("2", "1", 500)] };
    const now = { atMs: 3_000, pairs: [pair("1", "2", 1_500), pair("2", "1", 500), pair("3", "1", 1_000)] };
    assert.deepEqual(talksBetween(before, now), [
      { network: "default", from: "3", to: "1", bitsPerSecond: 4_000, framesPerSecond: 5 },
      { network: "default", from: "1", to: "2", bitsPerSecond: 2_000, framesPerSecond: 2.5 },
    ]);
  });

  test("is unknown after one look, and begins anew with the counters", () => {
    const now = { atMs: 1_000, pairs: [pair("1", "2", 1_000)] };
    assert.deepEqual(talksBetween(undefined, now), []);
    assert.deepEqual(talksBetween(now, now), []);
    const again = { atMs: 2_000, pairs: [pair("1", "2", 200)] };
    assert.equal(talksBetween(now, again)[0]?.bitsPerSecond, 1_600);
  });
});

describe("lines of the drawing", () => {
  const layout = new NetworkLayout().update([DEFAULT], FRAME, new Set());

  test("join two that talk, both directions in one, the heaviest last", () => {
    const talks = [talk("1", "2", 1e6), talk("2", "1", 1e6), talk("1", "uplink:default", 1e3), talk("1", "gone", 1e9)];
    assert.deepEqual(
      linesOf(layout, talks).map(({ a, b, bitsPerSecond }) => [a.id, b.id, bitsPerSecond]),
      [
        ["1", "uplink:default", 1e3],
        ["1", "2", 2e6],
      ],
    );
  });

  test("are wider by a pixel for ten times the rate, within bounds", () => {
    assert.equal(lineWidth(0), 1);
    assert.equal(lineWidth(1e3), 1);
    assert.equal(lineWidth(1e6), 4);
    assert.equal(lineWidth(1e9), 7);
    assert.equal(lineWidth(1e15), 9);
  });

  test("go from a folded network to the server", () => {
    const crowd = { ...DEFAULT, peers: Array.from({ length: 5_000 }, (_, i) => String(i)) };
    const folded = new NetworkLayout().update([crowd], FRAME, new Set());
    const talks = [talk("1", "2", 1e6), talk("3", "uplink:default", 1e6)];
    assert.deepEqual(
      linesOf(folded, talks).map(({ a, b, bitsPerSecond }) => [a.id, b.id, bitsPerSecond]),
      [["network:default", "uplink:default", 2e6]],
    );
  });

  test("are no more than can be seen: the lightest are left out", () => {
    const talks = PEERS.flatMap((from, i) => PEERS.slice(i + 1).map((to, j) => talk(from, to, 1_000 + i + j)));
    const lines = linesOf(layout, talks);
    assert.equal(lines.length, MAX_LINES);
    const drawn = Math.min(...lines.map(({ bitsPerSecond }) => bitsPerSecond));
    assert.equal(talks.filter(({ bitsPerSecond }) => bitsPerSecond > drawn).length < MAX_LINES, true);
  });
});

describe("pointing at the drawing", () => {
  const layout = new NetworkLayout().update([DEFAULT], FRAME, new Set());

  test("finds each node at its place, and nothing far away from all", () => {
    for (const node of layout.nodes) assert.equal(nodeAt(layout, node)?.id, node.id);
    assert.equal(nodeAt(layout, { x: 5, y: 5 }), undefined);
  });

  test("reaches every node with the arrow keys, from the server", () => {
    const reached = new Set([layout.nodes[0]]);
    for (const node of reached) {
      if (node === undefined) continue;
      for (const direction of ["up", "down", "left", "right"] as const) {
        const next = neighbourOf(layout, node, direction);
        if (next !== undefined) reached.add(next);
      }
    }
    assert.equal(reached.size, layout.nodes.length);
  });
});
