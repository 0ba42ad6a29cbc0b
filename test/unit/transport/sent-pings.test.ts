import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SentPings } from "../../../src/transport/sent-pings.ts";

describe("sent pings", () => {
  test("carry their number, and a pong measures its own", () => {
    const pings = new SentPings();
    assert.equal(pings.isWaiting, false);
    const first = pings.next(100);
    const second = pings.next(500);
    assert.deepEqual([...first, ...second], [0, 0, 0, 1, 0, 0, 0, 2]);
    assert.equal(pings.answer(first, 700), 600);
    assert.equal(pings.isWaiting, true);
    assert.equal(pings.answer(second, 701), 201);
    assert.equal(pings.isWaiting, false);
  });

  test("are all answered by the pong of the latest", () => {
    const pings = new SentPings();
    const first = pings.next(0);
    assert.equal(pings.answer(pings.next(10), 15), 5);
    assert.deepEqual([pings.isWaiting, pings.answer(first, 20)], [false, undefined]);
  });

  test("a pong that nobody asked for answers nothing, whatever is in it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 125 }), (payload) => {
        const pings = new SentPings();
        pings.next(0);
        const isOwn = Buffer.from(payload).equals(Buffer.from([0, 0, 0, 1]));
        assert.equal(pings.answer(payload, 9), isOwn ? 9 : undefined);
        assert.equal(pings.isWaiting, !isOwn);
      }),
    );
  });

  test("one that is long overtaken measures nothing, but is answered", () => {
    const pings = new SentPings();
    const first = pings.next(0);
    for (let i = 1; i <= 8; i++) pings.next(i);
    assert.equal(pings.answer(first, 50), undefined);
    assert.equal(pings.isWaiting, true);
  });
});
