import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Lab } from "../../lab/namespace.ts";
import { waitFor } from "../../lab/wait.ts";
import { Drop } from "../../src/base/drop-reason.ts";
import { BufferPool } from "../../src/transport/buffer-pool.ts";
import type { Closed } from "../../src/transport/connection.ts";
import { CONNECTION_DEFAULTS } from "../../src/transport/connection-limits.ts";
import type { ConnectionOptions } from "../../src/transport/websocket-connection.ts";
import type { ControlMessage } from "../../src/wire/control-message.ts";
import { maskBytes } from "../../src/wire/mask.ts";
import { OFFLOAD_ALL } from "../../src/wire/offload.ts";
import { VNET_HEADER_BYTES } from "../../src/wire/vnet-header.ts";
import { encodeClose, encodeMessage, Opcode, type OpcodeValue, parseClose } from "../../src/wire/websocket.ts";
import type { Dialect } from "../../src/wire/websocket-decoder.ts";
import { HandClock } from "../hand-clock.ts";
import { RawPeer } from "../raw-peer.ts";
import {
  type Carrier,
  type CarrierFiles,
  joinSockets,
  makeCarrierFiles,
  makeTestDeps,
  RecordingEnd,
  type SocketPair,
  withoutStaticReads,
} from "./connection-pair.ts";
import { superFrame, testFrame } from "./test-frames.ts";

const NO_HEADER = Buffer.alloc(VNET_HEADER_BYTES);
const SIZES = [14, 60, 115, 116, 117, 125, 126, 127, 500, 1514, 1518];
const HELLO: ControlMessage = { kind: "hello", agent: "test/1", mtu: 1500, offloads: OFFLOAD_ALL };
const WELCOME: ControlMessage = { kind: "welcome", agent: "test/1", mtu: 1500, offloads: 0, maxMessageBytes: 67_584 };

const lab = new Lab();
let files: CarrierFiles;

before(async () => {
  files = await makeCarrierFiles(lab);
});
after(() => lab.close());

interface Ends {
  readonly sockets: SocketPair;
  readonly client: RecordingEnd;
  readonly server: RecordingEnd;
}

type Options = Partial<ConnectionOptions> & { readonly clock?: HandClock };

function contract(join: () => Promise<SocketPair>): void {
  /** Each test has a connection of its own, which goes with the test. */
  async function joined(options: Options, body: (ends: Ends) => Promise<void>): Promise<void> {
    const sockets = await join();
    const { clock, ...rest } = options;
    const deps = clock === undefined ? makeTestDeps() : makeTestDeps(clock);
    try {
      const client = new RecordingEnd(sockets.client, { ...rest, role: "client" }, deps);
      const server = new RecordingEnd(sockets.server, { ...rest, role: "server" }, deps);
      client.connection.start();
      server.connection.start();
      await body({ sockets, client, server });
    } finally {
      sockets.close();
    }
  }

  for (const dialect of ["v1", "v2"] as const) {
    test(`${dialect}: frames of every size cross both ways, unchanged and in order`, () =>
      joined({ dialect }, async ({ client, server }) => {
        const frames = [...SIZES, ...SIZES.toReversed()].map((size, i) => testFrame(size, i));
        for (const end of [client, server]) {
          for (const [i, frame] of frames.entries()) {
            assert.equal(end.send(frame), Drop.none);
            if (i % 5 === 4) end.connection.flush();
          }
          end.connection.flush();
        }
        await Promise.all([client.untilFrames(frames.length), server.untilFrames(frames.length)]);
        const hasVnetHeader = dialect === "v2";
        const expected = frames.map((bytes) => ({
          hasVnetHeader,
          bytes: hasVnetHeader ? Buffer.concat([NO_HEADER, bytes]) : bytes,
        }));
        assert.deepEqual(server.frames, expected);
        assert.deepEqual(client.frames, expected);
        assert.ok(server.batches <= 2 * frames.length);
        await waitFor("byte counts", () => server.connection.receivedBytes === client.connection.sentBytes);
      }));
  }

  test("super-frames cross whole between peers that take them, and segmented to a peer that does not", () =>
    joined({}, async ({ client, server }) => {
      client.connection.peerOffloads = OFFLOAD_ALL;
      const bytes = superFrame(60_000);
      for (const end of [client, server]) {
        assert.equal(end.send(bytes, true), Drop.none);
        end.connection.flush();
      }
      await Promise.all([server.untilFrames(1), client.untilFrames(60)]);
      assert.deepEqual(server.frames, [{ hasVnetHeader: true, bytes }]);
      const lengths = new Set(client.frames.map((frame) => frame.bytes.length));
      assert.deepEqual([...lengths], [VNET_HEADER_BYTES + 14 + 40 + 1000]);
    }));

  test("megabytes of mixed frames arrive whole, whatever the socket takes at once", () =>
    joined({ limits: { ...CONNECTION_DEFAULTS, maxQueuedBytes: 64 << 20 } }, async ({ client, server }) => {
      client.connection.peerOffloads = OFFLOAD_ALL;
      server.connection.peerOffloads = OFFLOAD_ALL;
      const sent: Buffer[] = [];
      for (let i = 0; i < 600; i++) {
        const bytes =
          i % 3 === 0 ? superFrame(1_001 + 97 * i) : Buffer.concat([NO_HEADER, testFrame(14 + ((i * 31) % 1500), i)]);
        sent.push(bytes);
        for (const end of [client, server]) assert.equal(end.send(bytes, true), Drop.none);
        if (i % 7 === 0) for (const end of [client, server]) end.connection.flush();
      }
      for (const end of [client, server]) end.connection.flush();
      for (const [end, other] of [
        [client, server],
        [server, client],
      ] as const) {
        await waitFor("the frames", () => end.frames.length === sent.length - other.egressDrops, { pollMs: 2 });
        // Of each of the two flows, what arrived is in order; on a busy machine some wait too long, and are dropped.
        for (const isIp of [true, false]) {
          const ofFlow = (bytes: Buffer): boolean => (bytes.readUInt16BE(VNET_HEADER_BYTES + 12) === 0x0800) === isIp;
          const left = sent.filter(ofFlow);
          for (const { bytes } of end.frames.filter((one) => ofFlow(one.bytes))) {
            const at = left.findIndex((one) => one.equals(bytes));
            assert.ok(at >= 0, "in order");
            left.splice(0, at + 1);
          }
        }
        await waitFor("an empty queue", () => end.connection.queuedBytes === 0 && !end.connection.congested);
      }
    }));

  test("batches from a device are sent in place, and copied where they cannot be", () =>
    joined({}, async ({ client, server }) => {
      for (const offloads of [OFFLOAD_ALL, 0]) {
        client.connection.peerOffloads = offloads;
        const frames = [Buffer.concat([NO_HEADER, testFrame(60, 1)]), Buffer.concat([NO_HEADER, testFrame(1514, 2)])];
        const bytes = Buffer.concat([Buffer.alloc(16), frames[0] as Buffer, Buffer.alloc(16), frames[1] as Buffer]);
        const first = 16 + VNET_HEADER_BYTES;
        const second = first + 60 + 16 + VNET_HEADER_BYTES;
        client.connection.sendBatch(bytes, Uint32Array.of(first, first + 60, second, second + 1514), 2);
        await server.untilFrames(2);
        assert.deepEqual(
          server.frames.splice(0).map((frame) => frame.bytes),
          frames,
        );
      }
    }));

  test("control messages cross both ways, in order with the frames around them", () =>
    joined({}, async ({ client, server }) => {
      client.connection.sendControl(HELLO);
      client.send(testFrame(60));
      client.connection.flush();
      server.connection.sendControl(WELCOME);
      await server.untilFrames(1);
      assert.deepEqual(server.controls, [HELLO]);
      await waitFor("the welcome", () => client.controls.length === 1, { pollMs: 2 });
      assert.deepEqual(client.controls, [WELCOME]);
    }));

  for (const who of ["client", "server"] as const) {
    test(`a close by the ${who} tells both sides its code and reason, once, behind what was queued`, () =>
      joined({}, async (ends) => {
        const closer = ends[who];
        const other = who === "client" ? ends.server : ends.client;
        closer.send(testFrame(60));
        closer.connection.close(4001, "enough");
        closer.connection.close(4002, "again");
        assert.equal(closer.send(testFrame(60)), Drop.portClosed);
        assert.ok(closer.connection.sendBatch(testFrame(60), Uint32Array.of(0, 60), 1), "the bytes are free");
        assert.deepEqual(closer.badFrames.splice(0), [Drop.portClosed]);
        assert.deepEqual(await other.untilClosed(), { code: 4001, reason: "enough", by: "peer" } satisfies Closed);
        assert.deepEqual(await closer.untilClosed(), { code: 4001, reason: "enough", by: "us" } satisfies Closed);
        assert.equal(other.frames.length, 1);
        await turn();
        assert.deepEqual([closer.closes.length, other.closes.length], [1, 1]);
        assert.equal(other.send(testFrame(60)), Drop.portClosed);
        assert.equal(other.connection.queuedBytes, 0);
      }));

    test(`if the ${who} vanishes, the other side is told so`, () =>
      joined({}, async (ends) => {
        ends.sockets[who].destroy();
        const other = who === "client" ? ends.server : ends.client;
        const { code, by } = await other.untilClosed();
        assert.deepEqual([code, by], [1006, "peer"]);
      }));
  }

  test("the round trip is measured at the start", async () => {
    const clock = new HandClock(1_000);
    await joined({ clock }, async ({ client, server }) => {
      assert.equal(client.connection.roundTripMs, undefined);
      clock.advance(250);
      await waitFor("both pongs", () => client.connection.roundTripMs === 0 && server.connection.roundTripMs === 0);
      assert.deepEqual([client.closes, server.closes], [[], []]);
    });
  });

  test("a peer that reads nothing costs its bound and no more, loses frames with a reason, and recovers", () =>
    joined({ limits: { ...CONNECTION_DEFAULTS, maxQueuedBytes: 300_000 } }, async ({ sockets, client, server }) => {
      sockets.client.pause();
      let sent = 0;
      let refused = 0;
      // Stuck: many turns of the loop went by and nothing left, while frames cost others their places.
      for (let stuckTurns = 0; stuckTurns < 30; sent++) {
        assert.ok(sent < 100_000, "the queue has a bound");
        const frame = testFrame(1400, 0);
        frame.writeUInt32BE(sent, 14);
        const { sentBytes } = server.connection;
        if (server.send(frame) !== Drop.none) refused++;
        server.connection.flush();
        assert.ok(server.connection.queuedBytes <= 300_000, `${server.connection.queuedBytes} bytes`);
        if (refused + server.egressDrops === 0) continue;
        await turn();
        stuckTurns = server.connection.sentBytes === sentBytes ? stuckTurns + 1 : 0;
      }
      assert.ok(server.connection.queuedBytes > 0, `${server.connection.queuedBytes}`);
      sockets.client.resume();
      await waitFor("the queue to empty", () => !server.connection.congested && server.connection.queuedBytes === 0);
      assert.ok(server.drained > 0, "somebody was told");
      const last = testFrame(1400, 0);
      last.writeUInt32BE(sent, 14);
      assert.equal(server.send(last), Drop.none);
      server.connection.flush();
      await client.untilFrames(sent + 1 - refused - server.egressDrops);
      const serials = client.frames.map(({ bytes }) => bytes.readUInt32BE(VNET_HEADER_BYTES + 14));
      assert.ok(
        serials.every((serial, i) => i === 0 || serial > (serials[i - 1] as number)),
        "in order",
      );
      assert.equal(serials.at(-1), sent, "the newest arrived");
    }));

  test("a close that the peer does not read is over after its timeout", async () => {
    const clock = new HandClock();
    await joined(
      { clock, limits: { ...CONNECTION_DEFAULTS, maxQueuedBytes: 8 << 20 } },
      async ({ sockets, server }) => {
        sockets.client.pause();
        while (server.egressDrops === 0 && server.send(testFrame(1400)) === Drop.none) server.connection.flush();
        server.connection.close(1001, "leaving");
        clock.advance(1_999);
        await turn();
        assert.deepEqual(server.closes, []);
        clock.advance(1);
        assert.deepEqual(await server.untilClosed(), { code: 1001, reason: "leaving", by: "us" });
        sockets.client.destroy();
      },
    );
  });
}

const CARRIERS: readonly Carrier[] = ["tcp", "unix", "tls"];

for (const carrier of CARRIERS) {
  describe(`connection over ${carrier}`, () => contract(() => joinSockets(carrier, files)));
}

describe("connection over tcp in a Node without static reads", () =>
  contract(async () => {
    const pair = await joinSockets("tcp", files);
    withoutStaticReads(pair.client);
    withoutStaticReads(pair.server);
    return pair;
  }));

/** Our end, and a peer that sends what it likes. */
async function withRawPeer(
  options: Options & { readonly role: "server" | "client" },
  body: (end: RecordingEnd, raw: RawPeer) => Promise<void>,
): Promise<void> {
  const sockets = await joinSockets("tcp", files);
  const { clock, ...rest } = options;
  try {
    const end = new RecordingEnd(
      sockets[options.role],
      rest,
      clock === undefined ? makeTestDeps() : makeTestDeps(clock),
    );
    const raw = new RawPeer(options.role === "server" ? sockets.client : sockets.server);
    raw.socket.resume();
    end.connection.start();
    await body(end, raw);
  } finally {
    sockets.close();
  }
}

const masked = (opcode: OpcodeValue, payload: Uint8Array): Uint8Array =>
  encodeMessage(opcode, payload, 0x1234_5678, maskBytes);
const binary = (payload: Uint8Array): Uint8Array => masked(Opcode.binary, payload);

/** A frame with another first byte: FIN is 0x80, the opcode of a continuation 0. */
const startingWith = (first: number, frame: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of(first), frame.subarray(1)]);

/** The close code in what a server sent: an unmasked close frame, the last one. */
function closeCodeOf(received: Buffer): number | undefined {
  const at = received.lastIndexOf(0x88);
  const result = at < 0 ? undefined : parseClose(received.subarray(at + 2, at + 2 + (received[at + 1] ?? 0)));
  return result?.state === "done" ? result.code : undefined;
}

/** The first ping of a server. */
const PING = "\x89\x04\0\0\0\x01";

describe("connection with a peer that breaks the rules", () => {
  const cases: readonly (readonly [what: string, bytes: Uint8Array, code: number, dialect?: Dialect])[] = [
    ["an unmasked message", encodeMessage(Opcode.binary, NO_HEADER, undefined, maskBytes), 1002],
    ["reserved bits", Buffer.from("f280000000", "hex"), 1002],
    ["an unknown opcode", Buffer.from("8380000000", "hex"), 1002],
    ["a fragmented ping", Buffer.from("098000000000", "hex"), 1002],
    ["a length of 2^63", Buffer.from("82ff800000000000000000000000", "hex"), 1002],
    ["a length of 2^40", Buffer.from("82ff000001000000000000000000", "hex"), 1009],
    ["a message over the limit", Buffer.from("82ff000000000001080100000000", "hex"), 1009],
    ["text that is not UTF-8", masked(Opcode.text, Buffer.from([0xff])), 1007],
    ["a control message that is no JSON", masked(Opcode.text, Buffer.from("hello")), 1008],
    ["a hello without its fields", masked(Opcode.text, Buffer.from('{"kind":"hello"}')), 1008],
    ["half a close code", masked(Opcode.close, Buffer.from([3])), 1002],
    ["a forbidden close code", masked(Opcode.close, Buffer.from([3, 0xee])), 1002],
    ["an unmasked ping that is no C client's", Buffer.from("890141", "hex"), 1002, "v1"],
  ];
  for (const [what, bytes, code, dialect] of cases) {
    test(`${what} is answered with close ${code}`, () =>
      withRawPeer({ role: "server", dialect: dialect ?? "v2" }, async (end, raw) => {
        raw.send(binary(Buffer.concat([NO_HEADER, testFrame(60)])), bytes, binary(testFrame(60)));
        const closed = await end.untilClosed();
        assert.deepEqual([closed.code, closed.by], [code, "us"]);
        assert.equal(end.frames.length, 1, "what came before it arrived, what came after it did not");
        await raw.untilClosed();
        assert.equal(closeCodeOf(raw.received), code);
      }));
  }

  test("messages too short for a frame, and headers that lie, are lost one by one", () =>
    withRawPeer({ role: "server" }, async (end, raw) => {
      for (let length = 0; length < VNET_HEADER_BYTES + 14; length++) raw.send(binary(Buffer.alloc(length)));
      const lie = superFrame(2_000);
      lie.writeUInt16LE(0, 4);
      raw.send(binary(lie), binary(Buffer.concat([NO_HEADER, testFrame(60)])));
      await end.untilFrames(1);
      const expected = [...Array.from({ length: 24 }, () => Drop.messageTruncated), Drop.vnetHeaderInvalid];
      assert.deepEqual(end.badFrames, expected);
      assert.deepEqual(end.closes, []);
    }));

  test("the C client's bare ping is taken, and a ping is answered with its payload", () =>
    withRawPeer({ role: "server", dialect: "v1" }, async (end, raw) => {
      raw.send(Buffer.from("8900", "hex"));
      await raw.untilReceived("\x8a\0");
      raw.send(masked(Opcode.ping, Buffer.from("hi")), binary(testFrame(60)));
      await end.untilFrames(1);
      await raw.untilReceived("hi");
      assert.equal(raw.received.toString("hex"), "8a00" + "8a026869");
    }));

  test("of pings that come together the latest is answered, and the others counted", () =>
    withRawPeer({ role: "server" }, async (end, raw) => {
      const pings = ["one", "two", "three"].map((text) => masked(Opcode.ping, Buffer.from(text)));
      raw.send(Buffer.concat(pings));
      await raw.untilReceived("three");
      assert.equal(raw.received.toString("latin1"), "\x8a\x05three");
      assert.equal(end.connection.unansweredPings, 2);
    }));

  test("a peer that pings and does not read has one pong wait for it, however often it pings", async () => {
    const clock = new HandClock();
    await withRawPeer({ role: "server", clock }, async (end, raw) => {
      clock.advance(250);
      await raw.untilReceived(PING);
      raw.socket.pause();
      const frame = testFrame(1_500);
      for (let stuckTurns = 0; stuckTurns < 20; stuckTurns = end.connection.congested ? stuckTurns + 1 : 0) {
        for (let i = 0; i < 100; i++) end.send(frame);
        end.connection.flush();
        await turn();
      }
      const queuedBytes = end.connection.queuedBytes;
      for (let i = 1; i <= 1_000; i++) {
        raw.send(masked(Opcode.ping, Buffer.from(`ping ${i}`)));
        if (i % 200 === 0) clock.advance(1_500);
        await turn();
      }
      await waitFor("the pings to be heard", () => end.connection.unansweredPings === 999, { pollMs: 2 });
      assert.equal(end.connection.queuedBytes, queuedBytes);
      raw.socket.resume();
      await raw.untilReceived("ping 1000");
      assert.equal(raw.text.split("ping ").length, 2);
    });
  });

  const floods = [
    ["pings", masked(Opcode.ping, Buffer.alloc(0))],
    ["pongs that nobody asked for", masked(Opcode.pong, Buffer.alloc(0))],
    ["control messages", masked(Opcode.text, Buffer.from(JSON.stringify({ kind: "news" })))],
    [
      "tiny fragments",
      Buffer.concat([startingWith(0x02, binary(Buffer.alloc(5))), startingWith(0x80, binary(Buffer.alloc(5)))]),
    ],
  ] as const;
  for (const [what, message] of floods) {
    test(`a flood of ${what} is cut off with 1008, a hundred a second are not`, async () => {
      const clock = new HandClock();
      await withRawPeer({ role: "server", dialect: "v2", clock }, async (end, raw) => {
        const round = async (count: number): Promise<void> => {
          const frames = end.frames.length;
          raw.send(Buffer.concat(Array.from({ length: count }, () => message)));
          raw.send(binary(Buffer.concat([NO_HEADER, testFrame(60)])));
          await waitFor("the round", () => end.frames.length > frames || end.closes.length > 0, { pollMs: 1 });
        };
        await round(500);
        for (let second = 0; second < 20; second++) {
          clock.advance(1_000);
          await round(100);
        }
        assert.deepEqual(end.closes, []);
        raw.send(Buffer.concat([message, message]));
        await raw.untilReceived("control-flood");
        assert.deepEqual(await end.untilClosed(), { code: 1008, reason: "control-flood", by: "us" });
        assert.equal(closeCodeOf(raw.received), 1008);
      });
    });
  }

  test("an empty close frame is answered with an empty one", () =>
    withRawPeer({ role: "server" }, async (end, raw) => {
      raw.send(masked(Opcode.close, encodeClose(1005, "")));
      assert.deepEqual(await end.untilClosed(), { code: 1005, reason: "", by: "peer" });
      await raw.untilClosed();
      assert.equal(raw.received.toString("hex"), "8800");
    }));

  test("a peer that vanishes in the middle of a frame ends its connection and nothing else", () =>
    withRawPeer({ role: "server" }, async (end, raw) => {
      const message = binary(Buffer.concat([NO_HEADER, testFrame(1000)]));
      raw.send(message, message.subarray(0, 500));
      await end.untilFrames(1);
      raw.destroy();
      const { code, by } = await end.untilClosed();
      assert.deepEqual([code, by, end.frames.length], [1006, "peer", 1]);
    }));

  test("a peer that says nothing for 10 s is given up", async () => {
    const clock = new HandClock();
    await withRawPeer({ role: "server", clock }, async (end, raw) => {
      clock.advance(9_750);
      assert.deepEqual(await end.untilClosed(), { code: 1006, reason: "nothing heard for 9.5 s", by: "us" });
      await raw.untilClosed();
      assert.equal(raw.received.toString("hex"), "890400000001", "it was pinged before");
      assert.equal(clock.timers, 0);
    });
  });

  test("bytes that came behind the handshake are read first", async () => {
    const sockets = await joinSockets("tcp", files);
    const message = binary(Buffer.concat([NO_HEADER, testFrame(1000, 1)]));
    const head = Buffer.concat([message, message.subarray(0, 100)]);
    try {
      const end = new RecordingEnd(sockets.server, { role: "server" }, makeTestDeps(), head);
      end.connection.start();
      sockets.client.write(message.subarray(100));
      await end.untilFrames(2);
      assert.ok(end.frames.every(({ bytes }) => bytes.subarray(VNET_HEADER_BYTES).equals(testFrame(1000, 1))));
    } finally {
      sockets.close();
    }
  });

  for (const carrier of CARRIERS) {
    test(`over ${carrier}, bytes that came while the handshake was decided on are read as well`, async () => {
      const { client, server, close } = await joinSockets(carrier, files);
      const message = binary(Buffer.concat([NO_HEADER, testFrame(1000, 1)]));
      try {
        // A paused socket that was read before goes on reading, into its own memory.
        server.on("data", () => {}).resume();
        await turn();
        server.pause().removeAllListeners("data");
        client.write(message.subarray(100));
        await waitFor("what came meanwhile", () => server.readableLength === message.length - 100, { pollMs: 1 });
        const end = new RecordingEnd(server, { role: "server" }, makeTestDeps(), message.subarray(0, 100));
        end.connection.start();
        client.write(message);
        await end.untilFrames(2);
        assert.ok(end.frames.every(({ bytes }) => bytes.subarray(VNET_HEADER_BYTES).equals(testFrame(1000, 1))));
        assert.deepEqual(end.closes, []);
      } finally {
        close();
      }
    });
  }

  test("a small write after a reset tells its reason as a large one does", async () => {
    for (const bytes of [100, 20_000]) {
      const sockets = await joinSockets("tcp", files);
      const end = new RecordingEnd(sockets.server, { role: "server" }, makeTestDeps());
      end.connection.peerOffloads = OFFLOAD_ALL;
      end.connection.start();
      sockets.client.resetAndDestroy();
      end.send(testFrame(bytes));
      end.connection.flush();
      assert.deepEqual(await end.untilClosed(), { code: 1006, reason: "the connection was reset", by: "peer" });
      sockets.close();
    }
  });
});

describe("connection where the memory for large frames is lent", () => {
  test("loses those, and goes on with small ones", async () => {
    const sockets = await joinSockets("tcp", files);
    const pool = (bufferBytes: number, maxLent: number) => new BufferPool({ bufferBytes, maxFree: 1, maxLent });
    const pools = { small: pool(4_096, 10), large: pool(256 * 1_024, 1) };
    const lent = pools.large.take();
    assert.ok(lent);
    try {
      const end = new RecordingEnd(sockets.server, { role: "server" }, { ...makeTestDeps(), pools });
      const far = new RecordingEnd(sockets.client, { role: "client" });
      end.connection.peerOffloads = OFFLOAD_ALL;
      for (const one of [end, far]) one.connection.start();
      for (const frame of [testFrame(5_000), testFrame(60, 1)]) {
        assert.equal(end.send(frame), Drop.none);
        end.connection.flush();
      }
      await far.untilFrames(1);
      assert.deepEqual(far.frames[0]?.bytes.subarray(VNET_HEADER_BYTES), testFrame(60, 1));
      assert.deepEqual([end.egressDrops, end.connection.queuedBytes], [1, 0]);
      pools.large.release(lent);
      end.send(testFrame(5_000, 2));
      end.connection.flush();
      await far.untilFrames(2);
      assert.deepEqual(far.frames[1]?.bytes.subarray(VNET_HEADER_BYTES), testFrame(5_000, 2));
    } finally {
      sockets.close();
    }
  });
});
