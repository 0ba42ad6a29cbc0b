import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { HeldSessions } from "../../../src/server/held-sessions.ts";
import type { Peer } from "../../../src/server/peer.ts";

const peer = (id: number, address: string): Peer => ({ id, remote: { address } }) as unknown as Peer;

describe("held sessions", () => {
  let held: HeldSessions;
  beforeEach(() => {
    held = new HeldSessions();
  });

  test("are known by how long they wait", () => {
    const [one, two] = [peer(2, "192.0.2.1"), peer(1, "")];
    assert.equal(held.oldest, undefined);
    for (const each of [one, two]) held.add(each);
    assert.equal(held.oldest, one);
    held.delete(one);
    held.delete(one);
    assert.equal(held.oldest, two);
    held.delete(two);
    assert.equal(held.oldest, undefined);
  });

  for (const [what, addressOf] of [
    ["an address", () => "192.0.2.1"],
    ["an IPv6 network", (id: number) => `2001:db8::${id.toString(16)}`],
  ] as const) {
    test(`of ${what} are 256 at most: the longest held makes way`, () => {
      const all = Array.from({ length: 257 }, (_, id) => peer(id, addressOf(id)));
      const surplus = all.map((one) => held.add(one));
      assert.deepEqual([surplus.slice(0, 256).every((one) => one === undefined), surplus[256]], [true, all[0]]);
      held.delete(all[0] as Peer);
      assert.equal(held.add(peer(300, "192.0.2.2")), undefined);
      assert.equal(held.add(peer(301, addressOf(301))), all[1]);
    });
  }

  test("of web servers that name no address are not counted together", () => {
    for (let id = 0; id < 1_000; id++) assert.equal(held.add(peer(id, "")), undefined);
  });
});
