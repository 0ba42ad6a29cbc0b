import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CaptureRun, MAX_CAPTURE_BYTES } from "../../../web/src/actions/capture-run.ts";

/** An answer that sends these chunks, and then waits until it is given up. */
function endless(chunks: readonly Uint8Array[]): (signal: AbortSignal) => Promise<Response> {
  return async (signal) => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(chunk);
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    });
    return new Response(body);
  };
}

async function seenBytes(run: CaptureRun, bytes: number): Promise<void> {
  const isThere = () => run.state.value.state === "running" && run.state.value.bytes === bytes;
  await new Promise<void>((resolve) => {
    run.state.watch(() => isThere() && resolve());
    if (isThere()) resolve();
  });
}

describe("a capture in the browser", () => {
  test("is a file of what came until it was stopped", async () => {
    const run = new CaptureRun(endless([Uint8Array.of(1, 2), Uint8Array.of(3)]));
    const ended = run.run();
    await seenBytes(run, 3);
    run.stop();
    await ended;
    const state = run.state.value;
    assert.ok(state.state === "ended");
    assert.equal(state.why, undefined);
    assert.equal(state.file.type, "application/x-pcapng");
    assert.deepEqual(new Uint8Array(await state.file.arrayBuffer()), Uint8Array.of(1, 2, 3));
  });

  test("ends by itself when there is no more room, and says so", async () => {
    const run = new CaptureRun(endless([new Uint8Array(MAX_CAPTURE_BYTES)]));
    await run.run();
    const state = run.state.value;
    assert.ok(state.state === "ended");
    assert.equal(state.file.size, MAX_CAPTURE_BYTES);
    assert.match(state.why ?? "", /keeps no more/);
  });

  test("says why the server refuses it, or ended it", async () => {
    const refused = new CaptureRun(() => Promise.reject(new Error("There is no ) in the filter.")));
    await refused.run();
    assert.ok(refused.state.value.state === "ended");
    assert.equal(refused.state.value.why, "There is no ) in the filter.");
    assert.equal(refused.state.value.file.size, 0);
    const over = new CaptureRun(async () => new Response("x"));
    await over.run();
    assert.ok(over.state.value.state === "ended");
    assert.equal(over.state.value.why, "The server ended the capture.");
  });
});
