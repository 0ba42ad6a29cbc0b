/** In a file of its own, so that nothing else has made the engine think otherwise of the code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop } from "../../../src/base/drop-reason.ts";
import { compileFilter } from "../../../src/capture/filter.ts";
import { FrameCapture } from "../../../src/capture/frame-capture.ts";
import { Port } from "../../../src/switch/port.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { HandClock } from "../../hand-clock.ts";
import { leastHeapGrowthBytes } from "../../heap-growth.ts";
import { RecordingEgress } from "../../recording-egress.ts";

const FRAMES = 20_000;
const UNLIMITED = { bytesPerSecond: 1e9, burstBytes: 1e9, busyBytesPerSecond: 1e9 } as const;
/** A byte per frame: less than any object. */
const GROWTH_BYTES = 20_000;

for (const [what, ringBytes] of [
  ["loses", 65_536],
  ["keeps", 64 * 1_024 * 1_024],
] as const) {
  test(`a capture allocates nothing for a frame that it ${what}`, () => {
    const filter = compileFilter("udp or greater 10");
    assert.ok(filter.state === "good");
    const options = { filter: filter.test, comment: "", snapBytes: 65_536, startMs: 0, ringBytes, ...UNLIMITED };
    const capture = new FrameCapture(
      { clock: new HandClock(), onClosed: () => {}, load: { isBusy: false, samples: 0 } },
      options,
    );
    const port = new Port(0, { name: "peer 1", mac: undefined, bridge: false, egress: new RecordingEgress() });
    capture.watch({ port, id: "1", name: "peer 1", description: "" });
    const frame = new Frame(new Uint8Array(90)).set(new Uint8Array(90), 0, 90, false);
    const grown = leastHeapGrowthBytes(() => {
      for (let i = 0; i < FRAMES; i++) port.observer?.received(frame, Drop.none);
    });
    assert.equal(capture.lostFrames > FRAMES, what === "loses");
    assert.ok(grown < GROWTH_BYTES, `${grown} bytes for ${FRAMES} frames`);
  });
}
