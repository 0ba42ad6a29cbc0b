/** Whatever passes, comes, leaves and is taken in whatever pieces: the file is whole, and says what is not in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Drop } from "../../src/base/drop-reason.ts";
import { CAPTURE_DEFAULTS, FrameCapture } from "../../src/capture/frame-capture.ts";
import { everyFrame } from "../../src/capture/frame-tests.ts";
import { Port } from "../../src/switch/port.ts";
import { Frame } from "../../src/wire/frame.ts";
import { HandClock } from "../hand-clock.ts";
import { readPcapng } from "../pcapng-reader.ts";
import { RecordingEgress } from "../recording-egress.ts";

type Step =
  | { readonly kind: "frames"; readonly port: number; readonly count: number; readonly bytes: number }
  | { readonly kind: "come" }
  | { readonly kind: "leave"; readonly port: number }
  | { readonly kind: "take"; readonly bytes: number }
  | { readonly kind: "wait"; readonly ms: number };

const SMALL = { ringBytes: 8_192, bytesPerSecond: 20_000, burstBytes: 8_192 } as const;
const port = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("frames" as const),
      port,
      count: fc.integer({ min: 1, max: 20 }),
      bytes: fc.integer({ min: 30, max: 1_514 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("come" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), port }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("take" as const), bytes: fc.integer({ min: 1, max: 20_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2_000) }) },
);

/** Numbers of the frames that a port was given, by the port's name. */
type Given = Map<string, number[]>;

class Run {
  readonly given: Given = new Map();
  readonly taken: Uint8Array[] = [];
  readonly #clock = new HandClock();
  readonly capture = new FrameCapture(
    { clock: this.#clock, onClosed: () => {}, load: { isBusy: false, samples: 0 } },
    { ...CAPTURE_DEFAULTS, filter: everyFrame, comment: "", snapBytes: 600, startMs: 0, ...SMALL },
  );
  readonly #ports: Port[] = [];
  #frames = 0;
  #came = 0;

  constructor() {
    this.#come();
  }

  do(one: Step): void {
    if (one.kind === "come") this.#come();
    else if (one.kind === "leave") this.#leave(one.port);
    else if (one.kind === "frames") this.#give(one);
    else if (one.kind === "wait") this.#clock.advance(one.ms);
    else this.take(one.bytes);
  }

  take(bytes: number): boolean {
    const piece = this.capture.take(bytes);
    if (piece === undefined) return false;
    assert.ok(piece.length > 0 && piece.length <= bytes);
    this.taken.push(piece);
    return true;
  }

  #come(): void {
    const name = `peer ${++this.#came}`;
    const port = new Port(this.#came, { name, mac: undefined, bridge: false, egress: new RecordingEgress() });
    this.#ports.push(port);
    this.given.set(name, []);
    this.capture.watch({ port, id: name, name, description: "" });
  }

  #leave(place: number): void {
    const [port] = this.#ports.splice(place, 1);
    if (port === undefined) return;
    this.capture.unwatch(port.name);
    assert.equal(port.observer, undefined);
  }

  #give({ port: place, count, bytes }: Step & { readonly kind: "frames" }): void {
    const port = this.#ports[place];
    if (port === undefined) return;
    for (let i = 0; i < count; i++) {
      const frame = Buffer.alloc(bytes);
      frame.writeUInt32BE(++this.#frames, 20);
      port.observer?.received(new Frame(frame).set(frame, 0, bytes, false), Drop.none);
      this.given.get(port.name)?.push(this.#frames);
    }
  }
}

test("a capture's file is whole, and tells of every frame that is not in it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const run = new Run();
      for (const one of steps) run.do(one);
      run.capture.end();
      while (run.take(4_096));
      assert.equal(run.capture.isOver, true);
      const { packets, statistics } = readPcapng(Buffer.concat(run.taken));
      const numbers = packets.map(({ bytes }) => bytes.readUInt32BE(20));
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      assert.equal(numbers.length, run.capture.keptFrames);
      for (const [name, given] of run.given) {
        const here = packets.filter((packet) => packet.interface.name === name);
        const last = statistics.filter((one) => one.interface.name === name).at(-1);
        const lost = given.length - here.length;
        assert.deepEqual([last?.received ?? 0, last?.accepted ?? 0], [given.length, given.length]);
        assert.equal(last?.dropped ?? 0, lost);
        // Where frames are missing, the next one says how many.
        let before = 0;
        for (const packet of here) {
          const at = given.indexOf(packet.bytes.readUInt32BE(20));
          assert.equal(packet.lostBefore, at - before);
          before = at + 1;
        }
      }
    }),
    { numRuns: 300 },
  );
});
