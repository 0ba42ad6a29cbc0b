import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { CaptureOutcome, CaptureRequest } from "../../../src/capture/capture.ts";
import { MAX_SNAP_BYTES } from "../../../src/capture/capture.ts";
import { CAPTURE_DEFAULTS, FrameCapture } from "../../../src/capture/frame-capture.ts";
import { everyFrame } from "../../../src/capture/frame-tests.ts";
import type { Operator } from "../../../src/control/action.ts";
import { Port } from "../../../src/switch/port.ts";
import { Frame } from "../../../src/wire/frame.ts";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { readPcapng } from "../../pcapng-reader.ts";
import { RecordingEgress } from "../../recording-egress.ts";

/** A server of one port, which it captures for everybody. */
class CapturingModel extends FakeControlModel {
  readonly port = new Port(0, { name: "peer 1", mac: undefined, bridge: false, egress: new RecordingEgress() });
  readonly opened: FrameCapture[] = [];
  refusal: CaptureOutcome | undefined;
  closed = 0;

  override capture(_operator: Operator, request: CaptureRequest): CaptureOutcome {
    this.captures.push(request);
    if (this.refusal !== undefined) return this.refusal;
    const options = { filter: everyFrame, comment: "", snapBytes: request.snapBytes, startMs: Date.now() };
    const deps = { clock: systemClock, onClosed: () => void this.closed++, load: { isBusy: false, samples: 0 } };
    const capture = new FrameCapture(deps, { ...CAPTURE_DEFAULTS, ...options });
    capture.watch({ port: this.port, id: "1", name: "peer 1", description: "" });
    this.opened.push(capture);
    return { state: "open", capture };
  }

  give(frames: number, bytes = 1_000): void {
    const frame = new Frame(new Uint8Array(bytes)).set(new Uint8Array(bytes), 0, bytes, false);
    for (let i = 0; i < frames; i++) this.port.give(frame);
  }
}

describe("GET /api/v1/capture", () => {
  const model = new CapturingModel(2);
  let api: FakeApi;

  before(async () => {
    api = await startFakeApi({ model });
  });
  after(() => api.close());

  const headers = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${user}`).toString("base64")}` });
  const ask = (query: string, user = "admin", signal?: AbortSignal): Promise<Response> =>
    fetch(`${api.addresses[0]}/api/v1/capture${query}`, { headers: headers(user), ...(signal ? { signal } : {}) });

  test("is for admins, and for what makes sense", async () => {
    assert.equal((await ask("", "viewer")).status, 403);
    assert.equal((await ask("", "nobody")).status, 403);
    for (const query of ["?snap=63", `?snap=${MAX_SNAP_BYTES + 1}`, "?snap=x"])
      assert.equal((await ask(query)).status, 400);
    for (const [why, status] of [
      ["invalid", 400],
      ["not-found", 404],
      ["busy", 503],
    ] as const) {
      model.refusal = { state: "refused", why, message: `it is ${why}` };
      const answer = await ask("");
      assert.equal(answer.status, status);
      assert.match(await answer.text(), new RegExp(`it is ${why}`));
    }
    model.refusal = undefined;
    assert.equal(model.opened.length, 0);
  });

  test("sends frames as they pass, until the capture ends", async () => {
    const answer = await ask("?network=lan&peer=ada&filter=arp%20or%20port%2053&snap=500");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/x-pcapng");
    assert.match(
      answer.headers.get("content-disposition") ?? "",
      /^attachment; filename="vpn-ws-\d{8}T\d{6}\.pcapng"$/,
    );
    const request = { network: "lan", peer: "ada", filter: "arp or port 53", snapBytes: 500 };
    assert.deepEqual(model.captures.at(-1), request);
    model.give(100);
    model.opened.at(-1)?.end();
    const { packets, statistics } = readPcapng(Buffer.from(await answer.arrayBuffer()));
    assert.equal(packets.length, 100);
    assert.ok(packets.every(({ bytes, originalBytes }) => bytes.length === 500 && originalBytes === 1_000));
    assert.equal(statistics[0]?.received, 100);
    await waitFor("the capture to be closed", () => model.closed === 1);
  });

  test("ends when the reader goes", async () => {
    const aborter = new AbortController();
    const answer = await ask("", "admin", aborter.signal);
    const reader = answer.body?.getReader();
    assert.ok((await reader?.read())?.done === false);
    assert.notEqual(model.port.observer, undefined);
    const closedBefore = model.closed;
    aborter.abort();
    await waitFor("the capture to be closed", () => model.closed === closedBefore + 1);
    assert.equal(model.port.observer, undefined);
  });

  test("never waits for a reader: frames go on, and those that it does not take are lost and counted", async () => {
    const url = `${api.addresses[0]}/api/v1/capture`;
    const response = await new Promise<IncomingMessage>((resolve) => get(url, { headers: headers("admin") }, resolve));
    response.pause();
    const capture = model.opened.at(-1) as FrameCapture;
    const before = model.port.sentFrames;
    let given = 0;
    await waitFor("frames to be lost", async () => {
      model.give(1_000);
      given += 1_000;
      return capture.lostFrames > 10_000;
    });
    assert.equal(model.port.sentFrames - before, given);
    assert.ok(capture.keptFrames > 1_000);
    capture.end();
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    const { packets, statistics } = readPcapng(Buffer.concat(pieces));
    assert.equal(packets.length, capture.keptFrames);
    const { received, dropped } = statistics.at(-1) ?? { received: 0, dropped: 0 };
    assert.deepEqual([received, dropped], [given, capture.lostFrames]);
  });
});
