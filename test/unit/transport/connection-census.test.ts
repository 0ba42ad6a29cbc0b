import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type CensusRefusal,
  ConnectionCensus,
  type Place,
  sourceOf,
} from "../../../src/transport/connection-census.ts";
import { PendingHandshakes } from "../../../src/transport/pending-handshakes.ts";

const OPTIONS = { maxConnections: 6, maxConnectionsPerAddress: 3, maxPendingPerAddress: 2 };

interface Counted {
  readonly source: string | undefined;
  readonly place: Place;
  isPending: boolean;
}

/** What a census of these connections answers to one more, counted anew each time. */
function naiveRefusal(all: readonly Counted[], source: string | undefined): CensusRefusal | undefined {
  const same = source === undefined ? [] : all.filter((one) => one.source === source);
  const isMuch = same.length >= OPTIONS.maxConnectionsPerAddress;
  if (isMuch || same.filter(({ isPending }) => isPending).length >= OPTIONS.maxPendingPerAddress) {
    return "too-many-from-address";
  }
  return all.length >= OPTIONS.maxConnections ? "too-many" : undefined;
}

describe("a census of connections", () => {
  test("lets in what a naive count lets in, whatever comes and goes, and forgets who has gone", () => {
    const step = fc.record({
      verb: fc.constantFrom("enter", "enter", "settle", "leave"),
      source: fc.constantFrom("a", "b", "c", undefined),
      which: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const census = new ConnectionCensus(OPTIONS);
        let all: Counted[] = [];
        for (const { verb, source, which } of steps) {
          const one = all[which % Math.max(1, all.length)];
          if (verb === "enter") {
            const place = census.enter(source);
            assert.equal(typeof place === "string" ? place : undefined, naiveRefusal(all, source));
            if (typeof place !== "string") all.push({ source, place, isPending: true });
          } else if (verb === "settle" && one !== undefined) {
            one.place.settle();
            one.isPending = false;
          } else if (one !== undefined) {
            one.place.leave();
            // Both are idempotent.
            one.place.leave();
            one.place.settle();
            all = all.filter((other) => other !== one);
          }
          const sources = new Set(all.map((one) => one.source).filter((name) => name !== undefined));
          assert.deepEqual([census.connections, census.sources], [all.length, sources.size]);
        }
      }),
    );
  });

  test("takes an IPv4 address for a source, however it is written, and the /64 of an IPv6 address", () => {
    assert.equal(sourceOf("192.0.2.1"), "192.0.2.1");
    assert.equal(sourceOf("::ffff:192.0.2.1"), "192.0.2.1");
    assert.notEqual(sourceOf("192.0.2.1"), sourceOf("192.0.2.2"));
    assert.equal(sourceOf("2001:db8:1:2::1"), "20010db800010002");
    assert.equal(sourceOf("2001:db8:1:2:ffff::1"), sourceOf("2001:db8:1:2::1"));
    assert.notEqual(sourceOf("2001:db8:1:3::1"), sourceOf("2001:db8:1:2::1"));
    assert.equal(sourceOf("fe80::1%eth0"), "fe80000000000000");
    assert.equal(sourceOf(""), "", "of a connection that was reset before we looked");
  });
});

describe("pending handshakes", () => {
  test("the oldest of the largest source goes next, as a naive list says", () => {
    const step = fc.record({ source: fc.constantFrom("a", "b", "c"), removes: fc.boolean(), which: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pending = new PendingHandshakes<number>();
        let list: { readonly source: string; readonly id: number }[] = [];
        for (const [id, { source, removes, which }] of steps.entries()) {
          const one = list[which % Math.max(1, list.length)];
          if (removes && one !== undefined) {
            pending.delete(one.source, one.id);
            pending.delete(one.source, one.id);
            list = list.filter((other) => other !== one);
          } else {
            pending.add(source, id);
            list.push({ source, id });
          }
          const sizes = new Map<string, number>();
          for (const { source } of list) sizes.set(source, (sizes.get(source) ?? 0) + 1);
          const next = pending.nextToGo();
          const chosen = list.find(({ id }) => id === next);
          assert.equal(pending.size, list.length);
          assert.deepEqual([...pending].sort(byNumber), list.map(({ id }) => id).sort(byNumber));
          assert.equal(sizes.get(chosen?.source ?? ""), list.length === 0 ? undefined : Math.max(...sizes.values()));
          assert.equal(next, list.find(({ source }) => source === chosen?.source)?.id);
        }
      }),
    );
  });

  test("among equal sources the one that has been here longest goes", () => {
    const pending = new PendingHandshakes<number>();
    for (const [id, source] of ["x", "y", "z"].entries()) pending.add(source, id);
    assert.equal(pending.nextToGo(), 0);
    pending.delete("x", 0);
    pending.add("x", 3);
    assert.equal(pending.nextToGo(), 1);
  });
});

const byNumber = (a: number, b: number): number => a - b;
