import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SystemWake } from "../../../src/client/wake.ts";
import { HandClock } from "../../hand-clock.ts";

function started() {
  const clock = new HandClock();
  const network = { change: () => {}, closed: 0 };
  const asleep = { ms: 0 };
  const reasons: string[] = [];
  const wake = new SystemWake({
    clock,
    wallMs: () => clock.nowMs() + asleep.ms,
    watchNetwork: (onChange) => {
      network.change = onChange;
      return { close: () => void network.closed++ };
    },
  });
  wake.start((reason) => reasons.push(reason));
  return { clock, network, asleep, reasons, wake };
}

describe("wake", () => {
  test("a change of the network wakes, each time", () => {
    const { network, reasons } = started();
    network.change();
    network.change();
    assert.deepEqual(reasons, ["network", "network"]);
  });

  test("a machine that slept wakes once, within a second", () => {
    const { clock, asleep, reasons } = started();
    clock.advance(60_000);
    asleep.ms = 10_000;
    assert.deepEqual(reasons, []);
    clock.advance(1_000);
    assert.deepEqual(reasons, ["clock"]);
    clock.advance(60_000);
    assert.deepEqual(reasons, ["clock"]);
  });

  test("once closed it leaves neither timer nor watch", () => {
    const { clock, network, wake } = started();
    wake.close();
    assert.deepEqual([clock.timers, network.closed], [0, 1]);
  });
});
