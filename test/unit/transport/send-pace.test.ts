import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { CODEL_DEFAULTS } from "../../../src/transport/codel.ts";
import { SendPace } from "../../../src/transport/send-pace.ts";
import type { SocketControl, SocketState } from "../../../src/transport/socket-control.ts";
import { HandClock } from "../../hand-clock.ts";

const BYTES_PER_MS_OF_MBIT = 125;
const MIB = 1_024 * 1_024;

/** A socket that is as the test says. */
class HandControl implements SocketControl {
  readonly congestionControl = "bbr";
  readonly state: SocketState = {
    roundTripMs: 40,
    unsentBytes: 0,
    pacedBytesPerMs: 0,
    minRoundTripMs: 0,
    flightBytes: 0,
    deliveredBytes: 0,
  };
  isGone = false;
  putOffs = 0;
  unsentLimitBytes = Number.POSITIVE_INFINITY;

  read(state: SocketState): boolean {
    if (!this.isGone) Object.assign(state, this.state);
    return !this.isGone;
  }

  putOffPause(): void {
    this.putOffs++;
  }

  limitUnsent(bytes: number): void {
    this.unsentLimitBytes = bytes;
  }
}

describe("the pace of sending", () => {
  let clock: HandClock;
  let control: HandControl;
  let takenBytes: number;

  beforeEach(() => {
    clock = new HandClock();
    control = new HandControl();
    takenBytes = 0;
  });

  /** The socket takes bytes at this rate, and says after each window that it takes more. */
  function take(pace: SendPace, bytesPerMs: number, windows: number, windowMs = 20): void {
    for (let i = 0; i < windows; i++) {
      clock.advance(windowMs);
      takenBytes += bytesPerMs * windowMs;
      pace.drained(takenBytes);
    }
  }

  /** Milliseconds until it asks to be asked again; undefined if it does not hold. */
  function heldMs(pace: SendPace): number | undefined {
    const sinceMs = clock.nowMs();
    let resumedMs: number | undefined;
    const isHeld = pace.hold(() => {
      resumedMs = clock.nowMs() - sinceMs;
    });
    assert.equal(resumedMs, undefined, "not from within");
    clock.advance(1_000);
    assert.equal(resumedMs !== undefined, isHeld, "resumed if held, and only then");
    return resumedMs;
  }

  describe("where nothing is gained by care", () => {
    const near = new HandControl();
    near.state.roundTripMs = 1.9;
    const gone = new HandControl();
    gone.isGone = true;
    for (const [what, socket] of [
      ["a socket in the same building", near],
      ["one that is gone already", gone],
      ["one of which nothing can be known", undefined],
    ] as const) {
      test(`${what}: holds nothing, cuts nothing, and packs 2 MiB`, () => {
        if (socket !== undefined) socket.state.unsentBytes = 100 * MIB;
        const pace = new SendPace(clock, socket);
        assert.equal(pace.isFast, true);
        assert.equal(heldMs(pace), undefined);
        assert.deepEqual([pace.committedBytes, pace.maxPieceBytes], [2 * MIB, Number.POSITIVE_INFINITY]);
      });
    }
  });

  test("is that of 20 Mbit/s on a longer path of which nothing is known yet", () => {
    const pace = new SendPace(clock, control);
    const rate = 20 * BYTES_PER_MS_OF_MBIT;
    assert.equal(pace.isFast, false);
    assert.deepEqual(
      [pace.committedBytes, control.unsentLimitBytes, pace.maxPieceBytes],
      [3 * rate, 3 * rate, 1.5 * rate],
    );
    assert.deepEqual([pace.targetMs, pace.intervalMs], [CODEL_DEFAULTS.targetMs, CODEL_DEFAULTS.intervalMs]);
  });

  test("follows TCP's: 3 ms of it in our buffers and 3 in the socket, never less than two frames", () => {
    const rate = fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.constant(Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(fc.array(rate, { minLength: 1, maxLength: 5 }), (rates) => {
        const socket = new HandControl();
        const pace = new SendPace(clock, socket);
        for (const bytesPerMs of rates) {
          socket.state.pacedBytesPerMs = bytesPerMs;
          assert.equal(heldMs(pace), undefined);
          const wanted = 3 * Math.min(bytesPerMs, 400 * BYTES_PER_MS_OF_MBIT);
          assert.equal(pace.committedBytes, Math.max(3 * 1_024, wanted));
          const ratio = socket.unsentLimitBytes / Math.max(4 * 1_024, wanted);
          assert.ok(
            ratio >= 1 / 1.5 - 1e-9 && ratio <= 1 / 0.67 + 1e-9,
            `the kernel is told when it is far off: ${ratio}`,
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  test("holds while the socket has more than that, for as long as the surplus takes: from 1 ms to 20", () => {
    const bytesPerMs = 2_500;
    control.state.pacedBytesPerMs = bytesPerMs;
    const pace = new SendPace(clock, control);
    fc.assert(
      fc.property(fc.integer({ min: -7_500, max: 200_000 }), (surplus) => {
        control.state.unsentBytes = 3 * bytesPerMs + surplus;
        const expected = surplus <= 0 ? undefined : Math.min(20, Math.max(1, surplus / bytesPerMs));
        const ms = heldMs(pace);
        if (expected === undefined) assert.equal(ms, undefined);
        else assert.ok(ms !== undefined && Math.abs(ms - expected) < 1e-6, `${ms} ms for ${surplus} bytes`);
      }),
      { numRuns: 200 },
    );
  });

  test("does not wait for a socket that is gone", () => {
    const pace = new SendPace(clock, control);
    control.state.unsentBytes = MIB;
    control.isGone = true;
    assert.equal(heldMs(pace), undefined);
  });

  test("cuts super-frames to what takes 1.5 ms at the rate at which bytes are really taken, and CoDel waits for them", () => {
    const pace = new SendPace(clock, control);
    take(pace, 10_000, 2);
    assert.equal(pace.maxPieceBytes, 15_000);
    const slow = new SendPace(clock, control);
    take(slow, 250, 2);
    assert.equal(slow.maxPieceBytes, 3_000, "no less than four segments");
    const targetMs = (1.5 * 3_000) / 250;
    assert.deepEqual([slow.targetMs, slow.intervalMs], [targetMs, Math.max(100, 4 * targetMs)]);
  });

  test("measures over 20 ms at least, and not while nothing waits", () => {
    const pace = new SendPace(clock, control);
    const before = pace.maxPieceBytes;
    pace.drained(0);
    for (let ms = 0; ms < 19; ms++) {
      clock.advance(1);
      pace.drained(10 * MIB);
    }
    assert.equal(pace.maxPieceBytes, before, "too short a time");
    pace.idle();
    clock.advance(60_000);
    takenBytes = 10 * MIB;
    pace.drained(takenBytes);
    assert.equal(pace.maxPieceBytes, before, "nobody had anything to send");
    take(pace, 10_000, 1);
    assert.equal(pace.maxPieceBytes, 15_000);
  });

  test("weighs the newest measurement by a quarter", () => {
    const pace = new SendPace(clock, control);
    take(pace, 10_000, 2);
    take(pace, 30_000, 1);
    assert.equal(pace.maxPieceBytes, 15_000, "15,000 bytes per ms: not half as many again");
    take(pace, 30_000, 1);
    assert.equal(pace.maxPieceBytes, 1.5 * 18_750);
  });

  test("is a fast path's from 400 Mbit/s on, and a slow one's only below 200 again", () => {
    const pace = new SendPace(clock, control);
    take(pace, 399 * BYTES_PER_MS_OF_MBIT, 2);
    assert.equal(pace.isFast, false);
    take(pace, 404 * BYTES_PER_MS_OF_MBIT, 2);
    assert.equal(pace.isFast, true);
    assert.deepEqual(
      [control.unsentLimitBytes, pace.maxPieceBytes],
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    );
    control.state.unsentBytes = MIB;
    assert.equal(heldMs(pace), undefined);
    pace.idle();
    take(pace, 201 * BYTES_PER_MS_OF_MBIT, 30);
    assert.equal(pace.isFast, true);
    take(pace, 190 * BYTES_PER_MS_OF_MBIT, 30);
    assert.equal(pace.isFast, false);
    assert.ok(control.unsentLimitBytes < MIB, "the kernel's bound is back");
    assert.ok(heldMs(pace) !== undefined);
  });

  test("packs 8 ms of a fast path's frames, and two buffers at least", () => {
    const pace = new SendPace(clock, undefined);
    take(pace, 40_000, 2);
    assert.equal(pace.committedBytes, 512 * 1_024);
    pace.idle();
    take(pace, 440_000, 2);
    assert.equal(pace.committedBytes, 8 * (40_000 + 400_000 / 4));
  });

  test("keeps out of the path what would only queue there, and puts off BBR's pause then, every 5 s", () => {
    const bytesPerMs = 2_500;
    const { state } = control;
    Object.assign(state, { pacedBytesPerMs: 4 * bytesPerMs, minRoundTripMs: 40 });
    const pace = new SendPace(clock, control);
    const isHeld = (): boolean => pace.hold(() => {});
    /** The path carries what it can for so long. */
    const pass = (ms: number): void => {
      clock.advance(ms);
      state.deliveredBytes += bytesPerMs * ms;
    };
    assert.equal(isHeld(), false);
    Object.assign(state, { roundTripMs: 140, flightBytes: 140 * bytesPerMs });
    pass(140);
    assert.deepEqual([isHeld(), control.putOffs], [true, 1], "100 ms of queue: no more than 10 are ours to fill");
    assert.equal(pace.committedBytes, 3 * bytesPerMs, "by what the path carries, whatever TCP would send at");
    Object.assign(state, { roundTripMs: 50, flightBytes: 49 * bytesPerMs });
    pass(140);
    assert.equal(isHeld(), false, "nearly empty");
    for (let ms = 0; ms < 10_000; ms += 50) {
      state.flightBytes = 51 * bytesPerMs;
      pass(50);
      assert.equal(isHeld(), true);
    }
    assert.equal(control.putOffs, 3);
  });
});
