import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { HttpDoor } from "../../../src/api/http-door.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { askedWith } from "../../asked.ts";
import { type FakeApi, startFakeApi } from "../../fake-api.ts";
import { RecordingLog } from "../../recording-log.ts";

describe("who asks and does not go on", () => {
  let log: RecordingLog;
  let api: FakeApi;

  beforeEach(async () => {
    log = new RecordingLog();
    api = await startFakeApi({ log });
  });
  afterEach(() => api.close());

  test("is no fault of ours, and in no log, when his body ends before its end", async () => {
    const socket = connect(Number(new URL(api.addresses[0] ?? "").port), "127.0.0.1");
    const head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    socket.end(`${head}Content-Length: 500\r\n\r\n{"user`);
    await once(socket.resume(), "close");
    assert.deepEqual(log.of("control.failed"), []);
  });
});

describe("a reader that rests", () => {
  const piece = new Uint8Array(1 << 20);
  let door: HttpDoor;
  let server: Server;
  let reader: Socket;
  let ours: Socket;
  let pieces: number;

  /** An answer without an end, of which there are so many pieces by now. */
  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream(
      { pull: (controller) => (pieces-- > 0 ? controller.enqueue(piece) : new Promise<void>(() => {})) },
      { highWaterMark: 0 },
    );

  async function ask(count: number): Promise<void> {
    pieces = count;
    door = new HttpDoor({ clock: systemClock, fetch: () => new Response(body()) }, { kind: "own", prefix: "" });
    server = createServer({ pauseOnConnect: true }, (socket) => {
      ours = socket.on("error", () => {});
      door.take({ ...askedWith().incoming, socket });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    reader = connect((server.address() as { port: number }).port, "127.0.0.1");
    await once(reader, "connect");
  }
  afterEach(async () => {
    reader.destroy();
    await door.close();
    server.close();
  });

  test("is cut off when something waits for it too long", async () => {
    await ask(Number.POSITIVE_INFINITY);
    reader.pause();
    await waitFor("the answer to wait", () => ours?.writableLength > 0);
    ours.emit("timeout");
    assert.equal(ours.destroyed, true);
  });

  test("stays while there is nothing to be read", async () => {
    await ask(2);
    let bytes = 0;
    reader.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await waitFor("all that there is", () => bytes > 2 * piece.length && ours.writableLength === 0);
    ours.emit("timeout");
    assert.equal(ours.destroyed, false);
  });
});
