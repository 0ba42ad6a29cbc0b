import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TrafficRates } from "../../../src/cli/traffic-rates.ts";

const counters = (receivedBytes: number, sentBytes = 0, drops = 0) => ({ receivedBytes, sentBytes, drops });

describe("rates of traffic", () => {
  test("are known from the second look on, per second", () => {
    const rates = new TrafficRates();
    rates.look("one", 1_000, [["7", counters(100, 50, 1)]]);
    assert.equal(rates.of("7"), undefined);
    rates.look("one", 3_000, [["7", counters(300, 50, 7)]]);
    assert.deepEqual(rates.of("7"), { receivedBytes: 100, sentBytes: 0, drops: 3 });
  });

  test("begin anew with another instance, whose counters are others", () => {
    const rates = new TrafficRates();
    rates.look("one", 0, [["7", counters(100)]]);
    rates.look("two", 1_000, [["7", counters(500)]]);
    assert.equal(rates.of("7"), undefined);
    rates.look("two", 2_000, [["7", counters(600)]]);
    assert.equal(rates.of("7")?.receivedBytes, 100);
  });

  test("are none for who was not there, is gone, or went back", () => {
    const rates = new TrafficRates();
    rates.look("one", 0, [
      ["7", counters(100)],
      ["8", counters(100)],
    ]);
    rates.look("one", 1_000, [
      ["8", counters(90)],
      ["9", counters(1)],
    ]);
    for (const key of ["7", "8", "9"]) assert.equal(rates.of(key), undefined);
    rates.look("one", 1_000, [["8", counters(95)]]);
    assert.equal(rates.of("8"), undefined, "no time has passed");
  });
});
