import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { NetworkLayout } from "../../../web/src/drawing/layout.ts";
import { type Layout, MIN_CELL } from "../../../web/src/drawing/placing.ts";
import { discRadius, seatPosition } from "../../../web/src/drawing/sunflower.ts";
import type { NetworkMembers } from "../../../web/src/drawing/world.ts";

const WIDE = { width: 1200, height: 720 };
const NOTHING: ReadonlySet<string> = new Set();

function network(name: string, peers: number, uplink = true): NetworkMembers {
  const ids = Array.from({ length: peers }, (_, i) => `${name}-${i}`);
  return { name, uplink: uplink ? `uplink:${name}` : undefined, peers: ids };
}

function layOut(networks: readonly NetworkMembers[], frame = WIDE, opened = NOTHING): Layout {
  return new NetworkLayout().update(networks, frame, opened);
}

function assertNothingOverlaps({ nodes }: Layout): void {
  const byX = [...nodes].sort((a, b) => a.x - b.x);
  const widest = Math.max(...nodes.map(({ radius }) => radius));
  for (const [i, a] of byX.entries()) {
    for (let j = i + 1; j < byX.length; j++) {
      const b = byX[j] as (typeof byX)[number];
      if (b.x - a.x > 2 * widest) break;
      const distance = Math.hypot(a.x - b.x, a.y - b.y);
      assert.ok(distance > a.radius + b.radius, `${a.id} and ${b.id} are ${distance} pixels apart`);
    }
  }
}

function assertInside({ nodes, width, height }: Layout): void {
  for (const { id, x, y, radius } of nodes) {
    const isInside = x >= radius && y >= radius && x + radius <= width && y + radius <= height;
    assert.ok(isInside, `${id} is at ${x}, ${y} of ${width} x ${height}`);
  }
}

const anyNetworks = fc
  .array(fc.record({ peers: fc.oneof(fc.nat(30), fc.nat(1_500)), uplink: fc.boolean(), isOpened: fc.boolean() }), {
    maxLength: 12,
  })
  .map((list) => list.map(({ isOpened, ...one }, i) => ({ ...network(`n${i}`, one.peers, one.uplink), isOpened })));
const anyFrame = fc.record({ width: fc.integer({ min: 280, max: 2_000 }), height: fc.integer({ min: 280, max: 900 }) });

describe("seats of a sunflower", () => {
  test("are at least a cell apart from each other and lie in their disc, clear of its middle", () => {
    const seats = Array.from({ length: 1_500 }, (_, seat) => seatPosition(seat));
    for (const [i, a] of seats.entries()) {
      assert.ok(Math.hypot(a.x, a.y) > 0.5 + 0.7);
      assert.ok(Math.hypot(a.x, a.y) + 0.5 <= discRadius(i + 1));
      for (let j = 0; j < i; j++) {
        const b = seats[j] as typeof a;
        assert.ok(Math.hypot(a.x - b.x, a.y - b.y) >= 1, `seats ${i} and ${j}`);
      }
    }
  });
});

describe("layout of the drawing", () => {
  test("has nobody on top of another and everybody inside, for any networks, frame and opened ones", () => {
    fc.assert(
      fc.property(anyNetworks, anyFrame, (networks, frame) => {
        const opened = new Set(networks.filter(({ isOpened }) => isOpened).map(({ name }) => name));
        const layout = layOut(networks, frame, opened);
        assertNothingOverlaps(layout);
        assertInside(layout);
        assert.ok(layout.cell >= MIN_CELL);
        for (const { name, uplink, peers } of networks) {
          for (const id of [...peers, ...(uplink === undefined ? [] : [uplink])]) assert.ok(layout.nodeOf.has(id), id);
          if (opened.has(name)) assert.ok(layout.discs.some((disc) => disc.network === name));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("leaves everybody where he is while others come and go, as long as there is room", () => {
    const changes = fc.array(fc.record({ index: fc.nat(63), isHere: fc.boolean() }), { maxLength: 80 });
    fc.assert(
      fc.property(changes, fc.boolean(), (steps, withSecond) => {
        const layouts = new NetworkLayout();
        const others = withSecond ? [network("b", 5)] : [];
        const full = network("a", 64);
        let before = layouts.update([full, ...others], WIDE, NOTHING);
        let here = new Set(full.peers);
        for (const { index, isHere } of steps) {
          const id = `a-${index}`;
          const stayed = new Set(here);
          here = new Set(here);
          if (isHere) here.add(id);
          else here.delete(id);
          const now = layouts.update([{ ...full, peers: [...here] }, ...others], WIDE, NOTHING);
          for (const one of stayed) {
            if (here.has(one)) assert.deepEqual(now.nodeOf.get(one), before.nodeOf.get(one));
          }
          before = now;
        }
      }),
      { numRuns: 50 },
    );
  });

  test("puts the server in the middle, as the uplink of the only network", () => {
    const { nodes, discs } = layOut([network("default", 3)]);
    assert.deepEqual(nodes[0], {
      id: "uplink:default",
      kind: "server",
      network: "default",
      peers: 0,
      x: 600,
      y: 360,
      radius: 28.8,
    });
    assert.deepEqual(
      nodes.map(({ kind }) => kind),
      ["server", "peer", "peer", "peer"],
    );
    assert.equal(discs.length, 1);
  });

  test("gives each of several networks its uplink or, without one, a hub", () => {
    const { nodes } = layOut([network("office", 2), network("lab", 1, false)]);
    assert.deepEqual(
      nodes.map(({ id, kind }) => `${kind} ${id}`),
      ["server server", "uplink uplink:office", "peer office-0", "peer office-1", "hub network:lab", "peer lab-0"],
    );
  });

  test("shows a thousand peers on a desk, and folds them on a phone until somebody opens them", () => {
    assert.equal(layOut([network("default", 1_000)]).nodes.length, 1_001);
    const phone = { width: 340, height: 400 };
    const folded = layOut([network("default", 1_000)], phone);
    assert.deepEqual(
      folded.nodes.map(({ kind, peers }) => ({ kind, peers })),
      [
        { kind: "server", peers: 0 },
        { kind: "group", peers: 1_000 },
      ],
    );
    const opened = layOut([network("default", 1_000)], phone, new Set(["default"]));
    assert.equal(opened.nodes.length, 1_001);
    assert.ok(opened.width > phone.width && opened.height > phone.height);
  });

  test("folds large networks before small ones", () => {
    const { discs, nodeOf } = layOut([network("small", 10), network("large", 5_000), network("middle", 20)]);
    assert.deepEqual(
      discs.map((disc) => disc.network),
      ["small", "middle"],
    );
    assert.equal(nodeOf.get("large-4999")?.id, "network:large");
    assert.equal(nodeOf.get("uplink:large")?.id, "network:large");
  });

  test("is there when there is nothing to draw", () => {
    assert.deepEqual(
      layOut([]).nodes.map(({ id }) => id),
      ["server"],
    );
  });
});
