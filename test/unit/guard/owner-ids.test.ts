import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NOBODY, OwnerIds, UPLINK_OWNER } from "../../../src/guard/owner-ids.ts";

describe("numbers of owners", () => {
  test("a key has one number while anything refers to it", () => {
    const ids = new OwnerIds();
    const ann = ids.acquire("ann");
    assert.equal(ids.acquire("ann"), ann);
    assert.notEqual(ids.acquire("bob"), ann);
    ids.release(ann);
    assert.equal(ids.find("ann"), ann);
    assert.equal(ids.keyOf(ann), "ann");
    ids.release(ann);
    assert.equal(ids.find("ann"), NOBODY);
  });

  test("a number nothing refers to is used again, so that there are never more than references", () => {
    const ids = new OwnerIds();
    const numbers = new Set<number>();
    for (let i = 0; i < 1_000; i++) {
      const id = ids.acquire(`user ${i}`);
      numbers.add(id);
      ids.release(id);
    }
    assert.equal(numbers.size, 1);
  });

  test("a user who is called like the uplink is not the uplink", () => {
    const ids = new OwnerIds();
    assert.notEqual(ids.acquire(ids.keyOf(UPLINK_OWNER)), UPLINK_OWNER);
    ids.retain(UPLINK_OWNER);
    ids.release(UPLINK_OWNER);
    assert.notEqual(ids.acquire("ann"), UPLINK_OWNER);
  });
});
