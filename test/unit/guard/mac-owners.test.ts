import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { GUARD_DEFAULTS } from "../../../src/guard/guard-options.ts";
import { GuardTime } from "../../../src/guard/guard-time.ts";
import { MacOwners } from "../../../src/guard/mac-owners.ts";
import { NOBODY, OwnerIds } from "../../../src/guard/owner-ids.ts";
import { HandClock } from "../../hand-clock.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { seededRandom } from "../../seeded-random.ts";

const HI = 0x0200;
const PORT = 3;

function make(capacity: number, maxPerOwner = capacity) {
  const clock = new HandClock();
  const time = new GuardTime(clock);
  const ids = new OwnerIds();
  const owners = new MacOwners(
    { time, owners: ids, fillRandom: seededRandom(5) },
    { capacity, maxPerOwner },
    GUARD_DEFAULTS,
  );
  const wait = (ms: number): void => {
    clock.advance(ms);
    time.tick();
  };
  return { owners, ids, ann: ids.acquire("ann"), bob: ids.acquire("bob"), wait };
}

describe("owners of MAC addresses", () => {
  test("a full table gives up the longest remembered address, never one in use", () => {
    const { owners, ann, bob, wait } = make(3);
    owners.claim(HI, 1, ann, PORT, true);
    for (const lo of [2, 3]) {
      owners.claim(HI, lo, ann, PORT + lo, true);
      owners.releasePort(PORT + lo);
      wait(1_000);
    }
    assert.equal(owners.claim(HI, 4, bob, 9, true), Drop.none);
    const rivals = [1, 2, 3, 4].map((lo) => owners.rivalOf(HI, lo, NOBODY));
    assert.deepEqual(rivals, [ann, NOBODY, ann, bob]);
    assert.equal(owners.claim(HI, 5, bob, 9, false), Drop.none);
    assert.equal(owners.claim(HI, 6, bob, 9, false), Drop.tooManyMacs, "all are in use");
  });

  test("no owner has more than its share, and gets room by what is forgotten", () => {
    const { owners, ann, bob, wait } = make(10, 2);
    for (const lo of [1, 2]) assert.equal(owners.claim(HI, lo, ann, PORT, false), Drop.none);
    assert.equal(owners.claim(HI, 3, ann, PORT, false), Drop.tooManyMacs);
    assert.equal(owners.claim(HI, 3, bob, 4, false), Drop.none);
    owners.releasePort(PORT);
    wait(GUARD_DEFAULTS.macOwnershipMs + 1);
    owners.sweep(10);
    assert.equal(owners.claim(HI, 4, ann, PORT, false), Drop.none);
  });

  test("an owner without addresses and ports leaves nothing behind", () => {
    const { owners, ids, ann, wait } = make(10);
    owners.claim(HI, 1, ann, PORT, true);
    ids.release(ann);
    owners.releasePort(PORT);
    assert.equal(ids.find("ann"), ann, "remembered by its address");
    wait(GUARD_DEFAULTS.macOwnershipMs + 1);
    owners.sweep(10);
    assert.equal(ids.find("ann"), NOBODY);
  });

  test("a sweep that looks at few rows at a time reaches all of them", () => {
    const { owners, ids, ann, wait } = make(100);
    for (let lo = 0; lo < 100; lo++) owners.claim(HI, lo, ann, PORT, false);
    ids.release(ann);
    owners.releasePort(PORT);
    wait(GUARD_DEFAULTS.macOwnershipMs + 1);
    for (let i = 0; i < 15; i++) owners.sweep(7);
    assert.equal(ids.find("ann"), NOBODY);
  });

  test("claiming and touching allocate nothing", () => {
    const { owners, ann, bob } = make(1_024);
    const growth = leastHeapGrowthBytes(() => {
      for (let i = 0; i < 100_000; i++) {
        owners.claim(HI, i & 2_047, i & 1 ? ann : bob, i & 7, false);
        owners.touch(HI, i & 1_023, i & 7);
        owners.rivalOf(HI, i & 1_023, ann);
      }
    });
    assert.ok(growth < 100_000, `the heap grew by ${growth} bytes over 100,000 frames`);
  });
});
