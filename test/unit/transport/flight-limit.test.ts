import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FlightLimit } from "../../../src/transport/flight-limit.ts";

/** What congestion control allows, far too much. */
const CWND_BYTES = 700_000;

/** A path, and a sender that has always more to send: what it sees of the path in steps of 5 ms. */
class Line {
  readonly limit = new FlightLimit();
  bytesPerMs = 2_500;
  baseMs = 40;
  /** Queue that others keep on the path. */
  othersMs = 0;
  #nowMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #deliveredBytes = 0;

  /** Bytes in the path's queue when as much is under way as the limit, or congestion control, allows. */
  get queueMs(): number {
    return (
      Math.max(0, Math.min(this.limit.bytes, CWND_BYTES) / this.bytesPerMs - this.baseMs - this.othersMs) +
      this.othersMs
    );
  }

  run(ms: number): this {
    for (let i = 0; i < ms; i += 5) {
      this.#nowMs += 5;
      const roundTripMs = this.baseMs + this.queueMs;
      this.#minMs = Math.min(this.#minMs, this.baseMs + this.othersMs);
      const carried = Math.min(this.bytesPerMs, Math.min(this.limit.bytes, CWND_BYTES) / roundTripMs);
      this.#deliveredBytes += 5 * carried;
      this.limit.update(this.#nowMs, {
        roundTripMs,
        minRoundTripMs: this.#minMs,
        deliveredBytes: this.#deliveredBytes,
        unsentBytes: 0,
        pacedBytesPerMs: 0,
        flightBytes: 0,
      });
      this.limit.reached();
    }
    return this;
  }
}

describe("flight limit", () => {
  test("is none where nothing queues on the path", () => {
    const line = new Line();
    line.bytesPerMs = 20_000;
    assert.equal(line.run(2_000).limit.bytes, Number.POSITIVE_INFINITY);
  });

  test("leaves some ten milliseconds of a deep queue, with the line in full use", () => {
    const line = new Line().run(2_000);
    assert.ok(line.queueMs >= 5 && line.queueMs <= 15, `${line.queueMs} ms`);
  });

  test("grows with a line that becomes faster, and shrinks with one that becomes slower", () => {
    const line = new Line().run(2_000);
    line.bytesPerMs = 10_000;
    line.run(5_000);
    assert.ok(line.limit.bytes > 10_000 * 40, `${line.limit.bytes}`);
    line.bytesPerMs = 1_000;
    line.run(5_000);
    assert.ok(line.queueMs < 30, `${line.queueMs} ms`);
  });

  test("takes a path that has become longer for what it is, and does not starve on it", () => {
    const line = new Line().run(2_000);
    line.baseMs = 200;
    line.run(20_000);
    assert.ok(line.limit.bytes > 0.9 * 200 * 2_500, `${line.limit.bytes}`);
  });

  test("does not yield for ever to others who keep the queue full", () => {
    const line = new Line().run(2_000);
    line.othersMs = 100;
    line.run(20_000);
    assert.ok(line.limit.bytes > 0.8 * 140 * 2_500, `${line.limit.bytes}`);
  });
});
