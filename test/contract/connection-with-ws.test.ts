/** The npm package ws as the other end: somebody else's reading of RFC 6455, over our listener and our dialer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createSecureContext } from "node:tls";
import { WebSocket, WebSocketServer } from "ws";
import { type Certificates, makeCertificates } from "../../lab/certificates.ts";
import { Lab } from "../../lab/namespace.ts";
import { waitFor } from "../../lab/wait.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { dial } from "../../src/transport/dialer.ts";
import type { Incoming } from "../../src/transport/incoming.ts";
import { parseListenAddress } from "../../src/transport/listen-address.ts";
import { LISTENER_DEFAULTS, Listener } from "../../src/transport/listener.ts";
import { parseServerUrl } from "../../src/transport/server-url.ts";
import { STRAIGHT } from "../../src/transport/way-out.ts";
import { formatResponse } from "../../src/wire/http.ts";
import type { Mac } from "../../src/wire/mac.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";
import { acceptOpening } from "../../src/wire/opening.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { makeTestDeps, RecordingEnd } from "./connection-pair.ts";
import { superFrame, testFrame } from "./test-frames.ts";

const NO_HEADER = Buffer.alloc(VNET_HEADER_BYTES);
const MAC = "02:00:00:00:00:01" as Mac;
const SIZES = [14, 115, 116, 1514, 9_000, 65_525, 65_526];
const messagesOf = (sizes: readonly number[]): Buffer[] =>
  sizes.map((size, i) => Buffer.concat([NO_HEADER, testFrame(size, i)]));

const lab = new Lab();
let directory: string;
let certificates: Certificates;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "vpn-ws-ws-"));
  certificates = await makeCertificates(lab, { server: ["localhost", "127.0.0.1"] });
});
after(async () => {
  rmSync(directory, { recursive: true });
  await lab.close();
});

const pem = (file: string): Buffer => readFileSync(file);

/** Everything ws heard. */
function record(socket: WebSocket): {
  messages: Buffer[];
  texts: string[];
  closes: (readonly [number, string])[];
  pongs: number;
} {
  const heard = {
    messages: [] as Buffer[],
    texts: [] as string[],
    closes: [] as (readonly [number, string])[],
    pongs: 0,
  };
  socket.on("message", (data: Buffer, isBinary) =>
    isBinary ? heard.messages.push(data) : heard.texts.push(data.toString()),
  );
  socket.on("close", (code, reason) => heard.closes.push([code, reason.toString()]));
  socket.on("pong", () => void heard.pongs++);
  socket.on("error", () => {});
  return heard;
}

describe("our server's end with ws for a client", () => {
  /** Accepts one client and hands both ends over. */
  async function meet(address: string, body: (ours: RecordingEnd, socket: WebSocket) => Promise<void>): Promise<void> {
    const ends: RecordingEnd[] = [];
    const onIncoming = (incoming: Incoming): void => {
      const opening = acceptOpening(incoming.request);
      assert.equal(opening.state, "accepted");
      if (opening.state !== "accepted") return;
      incoming.socket.write(formatResponse(101, opening.headers));
      const end = new RecordingEnd(
        incoming.socket,
        { role: "server", dialect: opening.dialect },
        makeTestDeps(),
        incoming.rest,
      );
      ends.push(end);
      end.connection.start();
    };
    const context = createSecureContext({
      cert: pem(certificates.server.certificate),
      key: pem(certificates.server.key),
    });
    const tls = { context: () => context, asksCertificate: false };
    const options = { ...LISTENER_DEFAULTS, tls, address: parseListenAddress(address) };
    const listener = new Listener({ clock: systemClock, log: silentLogger, peerUid: () => undefined }, options);
    await listener.bind();
    listener.open(onIncoming);
    const url = listener.address.replace(/^http/, "ws").replace(/^unix:.*/, "ws://localhost/");
    const socket = new WebSocket(url, ["vpn-ws.v2"], {
      rejectUnauthorized: false,
      perMessageDeflate: true,
      ...(address.startsWith("unix:") ? { createConnection: () => connect(address.slice("unix:".length)) } : {}),
    });
    try {
      await once(socket, "open");
      assert.deepEqual([socket.protocol, socket.extensions], ["vpn-ws.v2", ""]);
      await body(await waitFor("our end", () => ends[0], { pollMs: 1 }), socket);
    } finally {
      socket.terminate();
      listener.close();
    }
  }

  for (const address of ["http://127.0.0.1:0", "https://127.0.0.1:0", "unix:PATH"]) {
    const at = (): string => address.replace("PATH", join(directory, "ws.sock"));

    test(`${address}: frames and control messages both ways, ping, and a close by ws`, () =>
      meet(at(), async (ours, socket) => {
        const heard = record(socket);
        const messages = messagesOf(SIZES);
        for (const message of messages) {
          socket.send(message);
          ours.send(message, true);
        }
        ours.connection.flush();
        socket.send('{"kind":"bye","reason":"done","message":"bye"}');
        ours.connection.sendControl({ kind: "bye", reason: "done", message: "bye" });
        socket.ping();
        await ours.untilFrames(messages.length);
        await waitFor("what we sent", () => heard.messages.length === messages.length && heard.pongs === 1, {
          pollMs: 2,
        });
        assert.deepEqual(heard.messages, messages);
        assert.deepEqual(
          ours.frames.map(({ bytes }) => bytes),
          messages,
        );
        assert.deepEqual([heard.texts.length, ours.controls.length], [1, 1]);
        socket.close(4123, "by ws");
        assert.deepEqual(await ours.untilClosed(), { code: 4123, reason: "by ws", by: "peer" });
        await waitFor("the close", () => heard.closes.length === 1, { pollMs: 2 });
        assert.deepEqual(heard.closes, [[4123, "by ws"]]);
      }));
  }

  test("fragmented messages are put together, and our close reaches ws", () =>
    meet("http://127.0.0.1:0", async (ours, socket) => {
      const heard = record(socket);
      const [message] = messagesOf([1_000]) as [Buffer];
      socket.send(message.subarray(0, 300), { fin: false });
      socket.ping();
      socket.send(message.subarray(300), { fin: true });
      await ours.untilFrames(1);
      assert.deepEqual(ours.frames[0]?.bytes, message);
      ours.connection.close(1001, "the server is shutting down");
      await waitFor("the close", () => heard.closes.length === 1, { pollMs: 2 });
      assert.deepEqual(heard.closes, [[1001, "the server is shutting down"]]);
    }));
});

describe("our client's end with ws for a server", () => {
  for (const scheme of ["ws", "wss"] as const) {
    test(`${scheme}: what ws sends together with its answer, frames both ways, and a close by each`, async () => {
      const http =
        scheme === "ws"
          ? createHttpServer()
          : createHttpsServer({ cert: pem(certificates.server.certificate), key: pem(certificates.server.key) });
      const messages = messagesOf([...SIZES, ...SIZES]);
      const server = new WebSocketServer({ server: http });
      const sockets: WebSocket[] = [];
      server.on("connection", (socket, request) => {
        assert.equal(request.headers["x-vpn-ws-mac"], MAC);
        sockets.push(socket);
        // At once, so that much of it comes in the same read as the answer.
        for (const message of messages) socket.send(message);
      });
      http.listen(0, "127.0.0.1");
      await once(http, "listening");
      const { port } = http.address() as { port: number };
      try {
        const dialed = await dial(
          systemClock,
          {
            url: parseServerUrl(`${scheme}://localhost:${port}/vpn`),
            way: STRAIGHT,
            tls: {
              ca: pem(certificates.authority.certificate),
              cert: undefined,
              key: undefined,
              pins: [],
              verify: true,
            },
            credentials: undefined,
            mac: MAC,
            bridge: false,
            dialects: ["v2"],
            timeoutMs: 5_000,
          },
          new AbortController().signal,
        );
        const ours = new RecordingEnd(
          dialed.socket,
          { role: "client", dialect: dialed.dialect },
          makeTestDeps(),
          dialed.rest,
        );
        ours.connection.peerOffloads = OFFLOAD_ALL;
        ours.connection.start();
        await ours.untilFrames(messages.length);
        assert.ok(ours.frames.every(({ bytes }, i) => bytes.equals(messages[i] as Buffer)));
        const heard = record(sockets[0] as WebSocket);
        const whole = superFrame(60_000);
        for (const message of [...messages, whole]) ours.send(message, true);
        ours.connection.flush();
        await waitFor("what we sent", () => heard.messages.length === messages.length + 1, { pollMs: 2 });
        assert.deepEqual(heard.messages, [...messages, whole]);
        ours.connection.close(1001, "the client is shutting down");
        assert.equal((await ours.untilClosed()).by, "us");
        await waitFor("the close", () => heard.closes.length === 1, { pollMs: 2 });
        assert.deepEqual(heard.closes, [[1001, "the client is shutting down"]]);
      } finally {
        for (const socket of sockets) socket.terminate();
        server.close();
        http.close();
      }
    });
  }
});
