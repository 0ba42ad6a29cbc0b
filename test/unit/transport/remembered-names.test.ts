import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { Address } from "../../../src/transport/happy-eyeballs.ts";
import { RememberedNames } from "../../../src/transport/remembered-names.ts";
import { HandClock } from "../../hand-clock.ts";

const OLD = [{ address: "203.0.113.5", family: 4 }];
const NEW = [{ address: "203.0.113.6", family: 4 }];
const fault = (code: string): Error => Object.assign(new Error(code), { code });

function withResolvers(): { promise: Promise<readonly Address[]>; resolve: (addresses: readonly Address[]) => void } {
  let resolve = (_: readonly Address[]): void => {};
  const promise = new Promise<readonly Address[]>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("remembered names", () => {
  let clock: HandClock;
  let names: RememberedNames;
  let asked: string[];
  let answer: () => Promise<readonly Address[]>;

  beforeEach(() => {
    clock = new HandClock();
    asked = [];
    answer = async () => OLD;
    const lookUp = (host: string): Promise<readonly Address[]> => {
      asked.push(host);
      return answer();
    };
    names = new RememberedNames({ clock, lookUp });
  });

  test("DNS is asked each time, and what it says now is taken", async () => {
    assert.deepEqual(await names.lookUp("a"), OLD);
    answer = async () => NEW;
    assert.deepEqual(await names.lookUp("a"), NEW);
    assert.deepEqual(asked, ["a", "a"]);
    assert.equal(clock.timers, 0);
  });

  test("where it fails, what it said last is taken; but not if it says that there is no such name", async () => {
    await names.lookUp("a");
    answer = async () => Promise.reject(fault("EAI_AGAIN"));
    assert.deepEqual(await names.lookUp("a"), OLD);
    await assert.rejects(names.lookUp("b"), { code: "EAI_AGAIN" });
    answer = async () => Promise.reject(fault("ENOTFOUND"));
    await assert.rejects(names.lookUp("a"), { code: "ENOTFOUND" });
  });

  test("where it is silent, what it said last is taken after a while, and it is not asked twice at a time", async () => {
    await names.lookUp("a");
    const late = withResolvers();
    answer = () => late.promise;
    for (let i = 0; i < 3; i++) {
      const addresses = names.lookUp("a");
      clock.advance(1_500);
      assert.deepEqual(await addresses, OLD);
    }
    assert.deepEqual(asked, ["a", "a"]);
    late.resolve(NEW);
    assert.deepEqual(await names.lookUp("a"), NEW);
    answer = async () => Promise.reject(fault("EAI_AGAIN"));
    assert.deepEqual(await names.lookUp("a"), NEW, "what came late is remembered");
  });

  test("64 names are remembered", async () => {
    for (let i = 0; i <= 64; i++) await names.lookUp(`host${i}`);
    answer = async () => Promise.reject(fault("EAI_AGAIN"));
    await assert.rejects(names.lookUp("host0"));
    assert.deepEqual(await names.lookUp("host1"), OLD);
  });
});
