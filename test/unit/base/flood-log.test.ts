import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { FloodLog } from "../../../src/base/flood-log.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingLog } from "../../recording-log.ts";

describe("a log that is flooded", () => {
  let clock: HandClock;
  let log: RecordingLog;
  let floodLog: FloodLog;
  beforeEach(() => {
    clock = new HandClock();
    log = new RecordingLog();
    floodLog = new FloodLog(clock, log);
  });

  const joined = (source: string, times = 1): void => {
    for (let i = 0; i < times; i++) floodLog.about(source).info("peer.joined", `${source} joined`, { times: i });
  };
  const told = (event = "peer.joined"): number => log.of(event).length;

  test("tells the first lines as they are, and of the others how many", () => {
    joined("user bob", 5_000);
    assert.equal(told(), 300);
    assert.deepEqual(log.lines[299]?.fields, { times: 299 });
    clock.advance(1_000);
    assert.deepEqual(
      log.of("log.flood").map(({ level, fields }) => [level, fields]),
      [["warn", { of: "peer.joined", lines: 4_700 }]],
    );
  });

  test("nobody's flood hides a line about another, or another event", () => {
    joined("user bob", 5_000);
    joined("user ada");
    floodLog.about("user bob").warn("guard.dropped", "dropped frames of bob's");
    floodLog.about("user bob").error("access.failed", "bob could not be decided on");
    assert.equal(log.lines.at(-3)?.message, "user ada joined");
    assert.deepEqual(
      log.lines.slice(-2).map(({ level, event }) => `${level} ${event}`),
      ["warn guard.dropped", "error access.failed"],
    );
  });

  test("who goes on in a loop is told of now and then, and so is how often", () => {
    joined("user bob", 301);
    for (let second = 0; second < 3_600; second++) {
      clock.advance(1_000);
      joined("user bob", 10);
    }
    assert.ok(told() <= 300 + 361, `${told()} lines`);
    clock.advance(10_000);
    const counted = log.of("log.flood").reduce((lines, { fields }) => lines + Number(fields.lines), 0);
    assert.equal(counted, 36_301 - told());
    assert.ok(log.of("log.flood").length <= 362);
  });

  test("is bounded also for a flood from everywhere", () => {
    for (let i = 0; i < 30_000; i++) joined(`user ${i}`);
    assert.equal(told(), 10_000);
  });

  test("who looks at debug sees everything", () => {
    for (let i = 0; i < 1_000; i++) floodLog.about("user bob").debug("peer.hello", "hello");
    assert.equal(told("peer.hello"), 1_000);
  });

  test("without a flood there is nothing to tell of one", () => {
    joined("user bob", 20);
    clock.advance(60_000);
    assert.equal(told("log.flood"), 0);
  });
});
