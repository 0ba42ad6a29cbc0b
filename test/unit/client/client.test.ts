import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { AGENT } from "../../../src/base/version.ts";
import { Client, type ClientDeps } from "../../../src/client/client.ts";
import { CLIENT_DEFAULTS, type ClientOptions } from "../../../src/client/client-options.ts";
import { AT_ONCE_MS } from "../../../src/client/retry.ts";
import { clientStatusSchema } from "../../../src/control/client-model.ts";
import { makeSelfSigned } from "../../../src/state/self-signed.ts";
import { keyPin } from "../../../src/transport/key-pin.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import { formatResponse } from "../../../src/wire/http.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { OFFLOAD_ALL } from "../../../src/wire/offload.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { superFrame } from "../../contract/test-frames.ts";
import { HandClock } from "../../hand-clock.ts";
import { addressed, ethernetFrame, Host } from "../../host.ts";
import { RecordingLog } from "../../recording-log.ts";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const NO_HEADER = Buffer.alloc(VNET_HEADER_BYTES);
const SECRET = { kind: "basic", user: "alice", password: "s3cret" } as const;
const INVITED = { kind: "bearer", token: "one-use-s3cret" } as const;
const CREDENTIAL = { kind: "credential", token: "lasting-s3cret", user: "alice" } as const;

describe("client", () => {
  let log: RecordingLog;
  let clients: Client[];
  let servers: StandInServer[];
  let deviceErrors: Error[];

  beforeEach(() => {
    log = new RecordingLog();
    clients = [];
    servers = [];
    deviceErrors = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(clients.map((client) => client.stop()));
  });

  async function serve(options: StandInOptions = {}): Promise<StandInServer> {
    const server = await StandInServer.open(options);
    servers.push(server);
    return server;
  }

  function start(
    port: number,
    host: Host,
    options: Partial<ClientOptions> = {},
    clock: Clock = systemClock,
    deps: Partial<ClientDeps> = {},
  ): Client {
    const client = new Client(
      {
        ...deps,
        clock,
        log,
        mask: maskBytes,
        tuneSocket: () => {},
        device: host.device,
        onDeviceError: (error) => deviceErrors.push(error),
      },
      {
        ...CLIENT_DEFAULTS,
        servers: [parseServerUrl(`ws://127.0.0.1:${port}/vpn`)],
        tls: { ca: undefined, cert: undefined, key: undefined, pins: [], verify: true },
        credentials: SECRET,
        backoff: { leastMs: 5, mostMs: 10, maxMs: 20 },
        ...options,
      },
    );
    clients.push(client);
    client.start();
    return client;
  }

  test("says hello with what its device takes, and pumps frames both ways", async () => {
    const [server, host] = [await serve(), new Host("tap", A)];
    start(server.port, host);
    const socket = await server.client();
    await waitFor("the hello", () => server.texts.length === 1, { pollMs: 2 });
    assert.deepEqual(server.texts, [{ kind: "hello", agent: AGENT, mtu: 1500, offloads: OFFLOAD_ALL }]);
    await waitFor("the welcome", () => log.of("client.welcome").length === 1, { pollMs: 2 });
    const whole = addressed(superFrame(40_000), B, A);
    host.send(host.frameTo(B, "plain")).sendSuper(whole);
    await waitFor("both frames", () => server.messages.length === 2, { pollMs: 2 });
    assert.deepEqual(server.messages, [Buffer.concat([NO_HEADER, host.frameTo(B, "plain")]), whole]);
    socket.send(Buffer.concat([NO_HEADER, ethernetFrame(A, B, "back")]));
    socket.send(addressed(superFrame(40_000), A, B));
    await host.until(ethernetFrame(A, B, "back"));
    await host.until(addressed(superFrame(40_000), A, B).subarray(VNET_HEADER_BYTES));
  });

  test("holds frames until the server has welcomed it, and knows what it takes", async () => {
    const [server, host] = [await serve({ welcomes: false }), new Host("tap", A)];
    start(server.port, host);
    const socket = await server.client();
    const whole = addressed(superFrame(2_500), B, A);
    host.send(host.frameTo(B, "plain")).sendSuper(whole);
    await waitFor("the hello", () => server.texts.length === 1, { pollMs: 2 });
    assert.equal(server.messages.length, 0);
    server.welcome(socket);
    await waitFor("both", () => server.messages.length === 2, { pollMs: 2 });
    assert.ok(server.messages.some((message) => message.equals(whole)));
  });

  test("shows what it does, and what went wrong", async () => {
    const [server, host] = [await serve(), new Host("tap", A)];
    const { port } = server;
    const client = start(port, host);
    const shown = () => clientStatusSchema.parse(client.status);
    const before = shown();
    assert.deepEqual(
      [before.state, before.server, before.connections, before.receivedBytes],
      ["connecting", null, [], 0],
    );
    await waitFor("the welcome", () => shown().state === "connected", { pollMs: 2 });
    const { server: to, dialect, sessions, connections, tap, sentBytes, receivedBytes } = shown();
    assert.deepEqual([to, dialect, sessions], [`ws://127.0.0.1:${port}/vpn`, "v2", 1]);
    assert.deepEqual(tap, { name: "tap", mac: A, mtu: 1500, bridge: false });
    assert.deepEqual([connections[0]?.address, connections[0]?.suspect], ["127.0.0.1", false]);
    assert.ok((connections[0]?.roundTripMs ?? 0) > 0 && sentBytes > 0 && receivedBytes > 0);
    await server.close();
    await waitFor("the end", () => shown().state === "connecting", { pollMs: 2 });
    const after = shown();
    assert.deepEqual([after.disconnects, after.sessions, after.connections], [1, 1, []]);
    assert.ok(after.sentBytes >= sentBytes && after.receivedBytes >= receivedBytes, "counters never go down");
    await waitFor("another failure", () => /refused|ECONNREFUSED/.test(shown().lastError?.text ?? ""), { pollMs: 2 });
    assert.equal(shown().instance, before.instance);
    assert.doesNotMatch(JSON.stringify(shown()), /s3cret/);
  });

  test("cuts super-frames for a server that takes no large messages", async () => {
    const [server, host] = [await serve({ welcomes: { maxMessageBytes: 10_000 } }), new Host("tap", A)];
    start(server.port, host);
    host.sendSuper(addressed(superFrame(2_500), B, A));
    await waitFor("three segments", () => server.messages.length === 3, { pollMs: 2 });
  });

  test("speaks the original's dialect where the server knows no other", async () => {
    const [server, host] = [await serve({ speaksV2: false }), new Host("tap", A)];
    start(server.port, host);
    const socket = await server.client();
    host.sendSuper(addressed(superFrame(2_500), B, A)).send(host.frameTo(B, "plain"));
    await waitFor("three segments and a frame", () => server.messages.length === 4, { pollMs: 2 });
    assert.deepEqual(
      server.messages.map(({ length }) => length),
      [1054, 1054, 554, 14 + "plain".length],
    );
    assert.deepEqual(server.texts, []);
    socket.send(ethernetFrame(A, B, "back"));
    await host.until(ethernetFrame(A, B, "back"));
    assert.equal(log.of("client.connected")[0]?.fields.dialect, "v1");
  });

  test("lowers the device's MTU to the network's, and tells the server", async () => {
    const [server, host] = [await serve({ welcomes: { mtu: 1400 } }), new Host("tap", A)];
    start(server.port, host);
    await waitFor("the update", () => server.texts.length === 2, { pollMs: 2 });
    assert.deepEqual(server.texts[1], { kind: "update", mtu: 1400 });
    assert.deepEqual(log.of("client.mtu")[0]?.fields, { mtu: 1400, before: 1500 });
  });

  test("warns if the network's MTU is below one that somebody chose", async () => {
    const [server, host] = [await serve({ welcomes: { mtu: 1400 } }), new Host("tap", A)];
    start(server.port, host, { fitMtu: false });
    await waitFor("the warning", () => log.of("client.mtu-kept").length === 1, { pollMs: 2 });
    assert.match(log.of("client.mtu-kept")[0]?.message ?? "", /--mtu 1400/);
  });

  test("comes back when the server went away, with the same device, and sends what came meanwhile", async () => {
    const [first, host] = [await serve(), new Host("tap", A)];
    const client = start(first.port, host);
    await waitFor("the first link", () => log.of("client.connected").length === 1, { pollMs: 2 });
    const { port } = first;
    await first.close();
    await waitFor("a failed attempt", () => log.of("client.dial-failed").length > 0, { pollMs: 2 });
    host.send(host.frameTo(B, "held"));
    const second = await serve({ port });
    await waitFor("the frame", () => second.messages.length === 1, { pollMs: 2 });
    host.send(host.frameTo(B, "not held"));
    await waitFor("the other frame", () => second.messages.length === 2, { pollMs: 2 });
    const sent = ["held", "not held"].map((payload) => Buffer.concat([NO_HEADER, host.frameTo(B, payload)]));
    assert.deepEqual(second.messages, sent);
    assert.equal(client.drops.total, 0);
  });

  test("a connection that lasted is dialed again at once, one that did not after a while", async () => {
    // Too short for the connection to be suspect because the clock has jumped.
    const stableAfterMs = 500;
    for (const [lastedMs, least, most] of [
      [stableAfterMs, 0, AT_ONCE_MS],
      [stableAfterMs - 1, 1_000, 2_000],
    ] as const) {
      const clock = new HandClock();
      const server = await serve();
      log.lines.length = 0;
      const backoff = { leastMs: 1_000, mostMs: 2_000, maxMs: 8_000 };
      start(server.port, new Host("tap", A), { backoff, stableAfterMs }, clock);
      await waitFor("the link", () => log.of("client.connected").length === 1, { pollMs: 2 });
      clock.advance(lastedMs);
      server.sockets[0]?.close(1012);
      await waitFor("the end", () => log.of("client.disconnected").length === 1, { pollMs: 2 });
      const wait = Number(log.of("client.disconnected")[0]?.fields.waitMs);
      assert.ok(wait >= least && wait <= most, `waits ${wait} ms`);
    }
  });

  test("a server that asks for time is given it, within bounds", async () => {
    for (const [retryAfterMs, least] of [
      [6_000, 6_000],
      [86_400_000, 8_000],
    ] as const) {
      const clock = new HandClock();
      const server = await serve();
      log.lines.length = 0;
      start(server.port, new Host("tap", A), { backoff: { leastMs: 500, mostMs: 1_000, maxMs: 8_000 } }, clock);
      await waitFor("the link", () => log.of("client.connected").length === 1, { pollMs: 2 });
      const socket = await server.client();
      socket.send(JSON.stringify({ kind: "bye", reason: "shutting-down", message: "later", retryAfterMs }));
      socket.close(1001);
      await waitFor("the end", () => log.of("client.disconnected").length === 1, { pollMs: 2 });
      const wait = Number(log.of("client.disconnected")[0]?.fields.waitMs);
      assert.ok(wait >= least && wait <= 16_000, `waits ${wait} ms`);
    }
  });

  describe("with a token", () => {
    test("shows what the server gave for it from the next connection on, kept before anything else", async () => {
      const server = await serve();
      const kept: unknown[] = [];
      const keepCredential = async (credential: unknown): Promise<void> => {
        assert.equal(log.of("client.credential").length, 0);
        kept.push(credential);
      };
      start(server.port, new Host("tap", A), { credentials: INVITED }, systemClock, { keepCredential });
      const socket = await server.client();
      socket.send(JSON.stringify(CREDENTIAL));
      socket.send(JSON.stringify({ ...CREDENTIAL, token: "another" }));
      await waitFor("the credential", () => log.of("client.credential").length === 1, { pollMs: 2 });
      socket.close();
      await server.client(2);
      assert.deepEqual(server.authorizations, ["Bearer one-use-s3cret", "Bearer lasting-s3cret"]);
      assert.deepEqual(kept, [CREDENTIAL]);
      assert.doesNotMatch(log.text, /s3cret/);
    });

    test("goes on with it until the end of the process if it cannot be kept, and says so", async () => {
      const server = await serve();
      const keepCredential = async (): Promise<void> => {
        throw new Error("the disk is full");
      };
      start(server.port, new Host("tap", A), { credentials: INVITED }, systemClock, { keepCredential });
      const socket = await server.client();
      socket.send(JSON.stringify(CREDENTIAL));
      await waitFor("the complaint", () => log.of("client.credential-lost").length === 1, { pollMs: 2 });
      assert.match(log.of("client.credential-lost")[0]?.message ?? "", /new invite: the disk is full/);
      socket.close();
      await server.client(2);
      assert.equal(server.authorizations[1], "Bearer lasting-s3cret");
    });

    test("takes none from a server that anybody could be, unless its key is pinned", async () => {
      const { certificate, key } = await makeSelfSigned([]);
      const pin = keyPin(new X509Certificate(certificate));
      const NO_TLS = { ca: undefined, cert: undefined, key: undefined, verify: false };
      for (const [pins, isTaken] of [
        [[], false],
        [[pin], true],
      ] as const) {
        const https = createHttpsServer({ cert: certificate, key });
        const server = await StandInServer.open({ https });
        servers.push(server);
        const kept: unknown[] = [];
        const dialed = { servers: [parseServerUrl(`wss://127.0.0.1:${server.port}/`)] };
        const keepCredential = async (credential: unknown): Promise<void> => void kept.push(credential);
        const options = { ...dialed, credentials: INVITED, tls: { ...NO_TLS, pins } };
        start(server.port, new Host("tap", A), options, systemClock, { keepCredential });
        const socket = await server.client();
        socket.send(JSON.stringify(CREDENTIAL));
        const event = isTaken ? "client.credential" : "client.credential-refused";
        await waitFor(event, () => log.of(event).length === 1, { pollMs: 2 });
        socket.close();
        await server.client(2);
        assert.equal(server.authorizations[1], `Bearer ${isTaken ? "lasting" : "one-use"}-s3cret`);
        assert.equal(kept.length, isTaken ? 1 : 0);
      }
    });

    test("a password is not exchanged", async () => {
      const server = await serve();
      start(server.port, new Host("tap", A), {}, systemClock, { keepCredential: async () => assert.fail() });
      const socket = await server.client();
      socket.send(JSON.stringify(CREDENTIAL));
      socket.close();
      await server.client(2);
      assert.equal(server.authorizations[1], server.authorizations[0]);
    });
  });

  test("hands on the addresses that the server has for it", async () => {
    const server = await serve({ welcomes: { addresses: ["10.9.0.2/24", "fd00::2/64"] } });
    const assigned: unknown[] = [];
    const assignAddresses = (addresses: unknown): unknown => assigned.push(addresses);
    start(server.port, new Host("tap", A), {}, systemClock, { assignAddresses });
    await waitFor("the addresses", () => assigned.length === 1, { pollMs: 2 });
    server.sockets[0]?.terminate();
    await waitFor("the second link", () => log.of("client.connected").length === 2, { pollMs: 2 });
    assert.deepEqual(assigned, [["10.9.0.2/24", "fd00::2/64"]], "unchanged ones are not set again");
  });

  test("waits as long as a refusal asks for, up to a minute", async () => {
    for (const [retryAfter, least] of [
      ["30", 30_000],
      ["86400", 60_000],
    ] as const) {
      const clock = new HandClock();
      const refusing = createServer((socket) => {
        socket.on("error", () => {}).once("data", () => socket.end(formatResponse(429, [["Retry-After", retryAfter]])));
      }).unref();
      await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
      log.lines.length = 0;
      start((refusing.address() as AddressInfo).port, new Host("tap", A), {}, clock);
      await waitFor("the refusal", () => log.of("client.dial-failed").length === 1, { pollMs: 2 });
      const wait = Number(log.of("client.dial-failed")[0]?.fields.waitMs);
      assert.ok(wait >= least && wait <= 2 * least, `waits ${wait} ms`);
      refusing.close();
    }
  });

  test("pauses its device while the server reads nothing, and loses nothing by it", async () => {
    const [server, host] = [await serve(), new Host("tap", A, { queueFrames: 512, queueBytes: 1 << 20 })];
    start(server.port, host);
    const socket = await server.client();
    await waitFor("the welcome", () => log.of("client.welcome").length === 1, { pollMs: 2 });
    socket.pause();
    let isPaused = false;
    const pause = host.device.pause.bind(host.device);
    host.device.pause = () => {
      isPaused = true;
      pause();
    };
    const bytes = addressed(superFrame(60_000), B, A);
    let sent = 0;
    await waitFor(
      "the pause",
      () => {
        host.sendSuper(bytes);
        sent++;
        return isPaused;
      },
      { pollMs: 1 },
    );
    const refusedBefore = host.refused;
    socket.resume();
    host.send(host.frameTo(B, "last"));
    const last = Buffer.concat([NO_HEADER, host.frameTo(B, "last")]);
    await waitFor("the last frame", () => server.messages.at(-1)?.equals(last), { pollMs: 5 });
    assert.equal(server.messages.length, sent - refusedBefore + 1);
    assert.ok(server.messages.slice(0, -1).every((message) => message.equals(bytes)));
  });

  test("a device that breaks ends it: the owner is told, once", async () => {
    const [server, host] = [await serve(), new Host("tap", A)];
    start(server.port, host);
    await server.client();
    host.device.fail(new Error("deleted"));
    assert.deepEqual(
      deviceErrors.map(({ message }) => message),
      ["deleted"],
    );
  });

  test("stops in each state: dialing, open, waiting; says goodbye with 1001 and lets the device go", async () => {
    const silent: NetServer = createServer(() => {}).unref();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const dialing = start((silent.address() as AddressInfo).port, new Host("dialing", A));
    await Promise.all([dialing.stop(), dialing.stop()]);
    silent.close();

    const server = await serve();
    const open = start(server.port, new Host("open", A));
    await waitFor("the link", () => log.of("client.connected").length === 1, { pollMs: 2 });
    await Promise.all([open.stop(), open.stop()]);
    await waitFor("the close", () => server.closes.length === 1, { pollMs: 2 });
    assert.deepEqual(server.closes, [1001]);
    assert.equal(log.of("client.disconnected").length, 0);

    const { port } = server;
    await server.close();
    const clock = new HandClock();
    const waiting = start(port, new Host("waiting", A), {}, clock);
    await waitFor("the failure", () => log.of("client.dial-failed").length === 1, { pollMs: 2 });
    await waiting.stop();
    assert.equal(clock.timers, 0);
  });

  test("never logs its password", async () => {
    const server = await serve();
    const { port } = server;
    start(port, new Host("tap", A));
    await waitFor("the link", () => log.of("client.connected").length === 1, { pollMs: 2 });
    await server.close();
    await waitFor("a failed attempt", () => log.of("client.dial-failed").length > 0, { pollMs: 2 });
    assert.match(log.text, /connected to ws:\/\/127\.0\.0\.1/);
    assert.doesNotMatch(log.text, /s3cret|YWxpY2U/);
  });
});
