import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { GUARD_DEFAULTS, type GuardOptions } from "../../../src/guard/guard-options.ts";
import { GuardTime } from "../../../src/guard/guard-time.ts";
import { StormControl } from "../../../src/guard/storm-control.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { HandClock } from "../../hand-clock.ts";
import { type Packet, superFrameBytes } from "../../property/super-frame.ts";

const BUDGET = { perSecond: 10, burst: 100 };
const BROADCAST = [0xffff, -1] as const;
const GROUP = [0x0100, 0x5e0000fb] as const;

function make(options: Partial<GuardOptions>) {
  const clock = new HandClock();
  const storm = new StormControl(new GuardTime(clock), { ...GUARD_DEFAULTS, ...options });
  return { clock, storm };
}

/** A UDP super-frame to a group, of as many segments of one byte as it has payload. */
function udpFlood(segments: number): Frame {
  const packet: Packet = {
    vlanTags: [],
    ipVersion: 4,
    protocol: "udp",
    source: [10, 0, 0, 1],
    destination: [224, 0, 0, 251],
    finalDestination: [224, 0, 0, 251],
    ipv4Options: [],
    ipv6Extensions: [],
    identification: 1,
    tcpOptions: [],
    sequence: 0,
    tcpFlags: 0,
    payload: new Array<number>(segments).fill(7),
  };
  const bytes = Uint8Array.from(superFrameBytes({ packet, gsoSize: 1, ecn: false }));
  return new Frame(bytes).set(bytes, 10, bytes.length, true);
}

function passed(judge: () => number, times: number): number {
  return Array.from({ length: times }, judge).filter((drop) => drop === Drop.none).length;
}

const small = new Frame(new Uint8Array(60)).set(new Uint8Array(60), 0, 60, false);

describe("storm control", () => {
  test("each kind has a budget of its own", () => {
    const { storm } = make({
      broadcast: BUDGET,
      multicast: { ...BUDGET, burst: 5 },
      unknownUnicast: { ...BUDGET, burst: 7 },
    });
    assert.equal(
      passed(() => storm.judgeGroup(small, ...BROADCAST), 200),
      100,
    );
    assert.equal(
      passed(() => storm.judgeGroup(small, ...GROUP), 200),
      5,
    );
    assert.equal(
      passed(() => storm.judgeUnknown(small), 200),
      7,
    );
  });

  test("refills with time, between ticks too", () => {
    const { storm, clock } = make({ broadcast: BUDGET });
    passed(() => storm.judgeGroup(small, ...BROADCAST), 200);
    clock.advance(500);
    assert.equal(
      passed(() => storm.judgeGroup(small, ...BROADCAST), 200),
      5,
    );
  });

  test("a super-frame costs what its segments would", () => {
    const { storm } = make({ multicast: BUDGET });
    assert.equal(
      passed(() => storm.judgeGroup(udpFlood(40), ...GROUP), 10),
      2,
    );
    assert.equal(
      passed(() => storm.judgeGroup(small, ...GROUP), 100),
      20,
    );
  });

  test("a super-frame of more segments than the burst passes when the budget is whole", () => {
    const { storm, clock } = make({ multicast: BUDGET });
    assert.equal(
      passed(() => storm.judgeGroup(udpFlood(120), ...GROUP), 10),
      1,
    );
    clock.advance(11_900);
    assert.equal(
      passed(() => storm.judgeGroup(udpFlood(120), ...GROUP), 10),
      0,
    );
    clock.advance(100);
    assert.equal(
      passed(() => storm.judgeGroup(udpFlood(120), ...GROUP), 10),
      1,
    );
  });
});
