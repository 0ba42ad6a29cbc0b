import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { Refused } from "../../../src/server/admission.ts";
import { RefusalLog } from "../../../src/server/refusal-log.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingLog } from "../../recording-log.ts";

const refused = (address: string, user?: string): Refused => ({
  state: "refused",
  status: 401,
  reason: "token:unknown-token",
  message: "The credentials are not right, or not any more.",
  headers: [],
  user,
  address,
});

describe("the log of refusals", () => {
  let clock: HandClock;
  let log: RecordingLog;
  let refusals: RefusalLog;
  beforeEach(() => {
    clock = new HandClock();
    log = new RecordingLog();
    refusals = new RefusalLog(clock, log);
  });

  const told = (): number => log.of("access.refused").length;
  const flood = (address: string, requests: number): void => {
    for (let i = 0; i < requests; i++) refusals.tell(refused(address), "http");
  };

  test("says who was refused, from where, and why, on one line", () => {
    refusals.tell(refused("192.0.2.1", "bob\nroot"), "http");
    const [line] = log.of("access.refused");
    assert.equal(line?.level, "info");
    assert.match(line?.message ?? "", /^refused bob.root from 192\.0\.2\.1: token:unknown-token \(401\)$/);
    assert.deepEqual(line?.fields, {
      address: "192.0.2.1",
      user: line?.fields.user,
      via: "http",
      status: 401,
      reason: "token:unknown-token",
    });
  });

  test("tells a flood by its number, and everybody else one by one", () => {
    flood("192.0.2.1", 10_000);
    const ofFlood = told();
    assert.ok(ofFlood <= 300, `${ofFlood} lines`);
    flood("198.51.100.1", 20);
    assert.equal(told(), ofFlood + 20);
    clock.advance(1_000);
    assert.deepEqual(
      log.of("access.flood").map(({ fields }) => fields.requests),
      [10_000 - ofFlood],
    );
  });

  test("is bounded also for a flood from everywhere", () => {
    for (let i = 0; i < 20_000; i++) flood(`10.0.${i >>> 8}.${i & 0xff}`, 1);
    assert.ok(told() <= 3_000, `${told()} lines`);
  });

  test("tells of a flood now and then, and of its end", () => {
    flood("192.0.2.1", 1_000);
    clock.advance(1_000);
    flood("192.0.2.1", 1_000);
    clock.advance(1_000);
    assert.equal(log.of("access.flood").length, 1);
    clock.advance(10_000);
    assert.equal(log.of("access.flood").length, 2);
    clock.advance(60_000);
    assert.equal(log.of("access.flood").length, 2);
    const before = told();
    flood("192.0.2.1", 1);
    assert.equal(told(), before + 1);
  });
});
