import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PeerRow, Traffic } from "../../../src/control/model.ts";
import { PeerRates } from "../../../web/src/data/peer-rates.ts";
import { ratesBetween, ratesOf } from "../../../web/src/data/rates.ts";
import { FakePeer } from "../../fake-peer.ts";

const traffic = (receivedBytes: number, drops = 0): Traffic => {
  return { receivedFrames: receivedBytes / 100, receivedBytes, sentFrames: 0, sentBytes: 0, drops };
};

describe("rates", () => {
  test("are the difference of counters by time", () => {
    const rates = ratesBetween({ atMs: 1_000, traffic: traffic(0) }, { atMs: 3_000, traffic: traffic(1_000, 4) });
    assert.deepEqual(rates, { receivedBits: 4_000, sentBits: 0, receivedFrames: 5, sentFrames: 0, drops: 2 });
  });

  test("are not known where a counter went down, or no time passed", () => {
    assert.equal(ratesBetween({ atMs: 0, traffic: traffic(5) }, { atMs: 1_000, traffic: traffic(4) }), undefined);
    assert.equal(ratesBetween({ atMs: 9, traffic: traffic(5) }, { atMs: 9, traffic: traffic(6) }), undefined);
  });

  test("of samples begin with the second one", () => {
    const samples = [0, 125, 125, 100].map((bytes, second) => ({ atMs: second * 1_000, traffic: traffic(bytes) }));
    const bits = ratesOf(samples).map((rates) => rates?.receivedBits);
    assert.deepEqual(bits, [undefined, 1_000, 0, undefined]);
  });
});

describe("rates of peers", () => {
  const row = (receivedBytes: number, sinceMs = 5): PeerRow => {
    return { ...new FakePeer(0, () => 0.5, sinceMs).row, traffic: traffic(receivedBytes) };
  };

  test("are known from the second look on, and make a trend", () => {
    const rates = new PeerRates();
    rates.look("one", 0, [row(0)]);
    assert.deepEqual(rates.of("1").trend, []);
    rates.look("one", 1_000, [row(125)]);
    rates.look("one", 3_000, [row(375)]);
    assert.equal(rates.of("1").rates.receivedBits, 1_000);
    assert.deepEqual(rates.of("1").trend, [1_000, 1_000]);
  });

  test("begin again with another instance of the server, and with another peer of the same id", () => {
    const rates = new PeerRates();
    const lookTwice = (instance: string, fromMs: number, sinceMs: number): void => {
      rates.look(instance, fromMs, [row(1_000, sinceMs)]);
      rates.look(instance, fromMs + 1_000, [row(2_000, sinceMs)]);
    };
    lookTwice("one", 0, 5);
    rates.look("two", 2_000, [row(50_000, 5)]);
    assert.deepEqual(rates.of("1").trend, []);
    lookTwice("two", 3_000, 5);
    rates.look("two", 5_000, [row(50_000, 4_500)]);
    assert.deepEqual(rates.of("1").trend, []);
  });

  test("of who left are forgotten, and a trend has an end", () => {
    const rates = new PeerRates();
    for (let second = 0; second < 100; second++) rates.look("one", second * 1_000, [row(second)]);
    assert.equal(rates.of("1").trend.length, 30);
    rates.look("one", 100_000, []);
    assert.deepEqual(rates.of("1").trend, []);
  });
});
