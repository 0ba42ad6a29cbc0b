/** The client's session across connections and servers, against stand-ins. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { WebSocket } from "ws";
import { waitFor } from "../../../lab/wait.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { Client, type ClientDeps } from "../../../src/client/client.ts";
import { CLIENT_DEFAULTS, type ClientOptions } from "../../../src/client/client-options.ts";
import type { WakeReason } from "../../../src/client/wake.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import { formatResponse } from "../../../src/wire/http.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { ethernetFrame, Host } from "../../host.ts";
import { RecordingLog } from "../../recording-log.ts";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const POLL = { pollMs: 2 };

const sessionOf = (letter: string, maxConnections = 4): object => ({
  session: { token: letter.repeat(43), holdMs: 20_000, maxConnections },
});

/** Wakes the client when the test says so. */
class HandWake {
  #onWake: ((reason: WakeReason) => void) | undefined;

  start(onWake: (reason: WakeReason) => void): void {
    this.#onWake = onWake;
  }

  wake(): void {
    this.#onWake?.("network");
  }

  close(): void {
    this.#onWake = undefined;
  }
}

describe("a client's session", () => {
  let log: RecordingLog;
  let clients: Client[];
  let servers: StandInServer[];
  let wake: HandWake;

  beforeEach(() => {
    log = new RecordingLog();
    [clients, servers, wake] = [[], [], new HandWake()];
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.stop()));
    await Promise.all(servers.map((server) => server.close()));
  });

  async function serve(options: StandInOptions = {}): Promise<StandInServer> {
    const server = await StandInServer.open({ welcomes: sessionOf("s"), ...options });
    servers.push(server);
    return server;
  }

  function start(ports: readonly number[], options: Partial<ClientOptions> = {}, deps: Partial<ClientDeps> = {}) {
    const host = new Host("tap", A);
    const client = new Client(
      {
        ...{ clock: systemClock, log, mask: maskBytes, tuneSocket: () => {}, onDeviceError: assert.fail, wake },
        ...{ device: host.device, ...deps },
      },
      {
        ...CLIENT_DEFAULTS,
        servers: ports.map((port) => parseServerUrl(`ws://127.0.0.1:${port}/vpn`)),
        tls: { ca: undefined, cert: undefined, key: undefined, pins: [], verify: true },
        credentials: undefined,
        connections: 1,
        backoff: { leastMs: 5, mostMs: 10, maxMs: 20 },
        ...options,
      },
    );
    clients.push(client);
    client.start();
    return { client, host };
  }

  const events = (name: string, count: number): Promise<unknown> =>
    waitFor(`${count} of ${name}`, () => log.of(name).length >= count, { ...POLL, evidence: () => log.text });

  const claimsOf = (server: StandInServer): (string | undefined)[] =>
    server.clients.map(({ session, connection }) => session && `${session[0]}${connection}`);

  test("is claimed back by the next connection", async () => {
    const server = await serve();
    start([server.port]);
    await events("client.connected", 1);
    server.sockets[0]?.terminate();
    await events("client.resumed", 1);
    assert.deepEqual(claimsOf(server), [undefined, "s0"]);
    assert.equal(log.of("client.connected").length, 1);
  });

  test("is another one when the server welcomes to another", async () => {
    const server = await serve();
    start([server.port]);
    await events("client.connected", 1);
    server.welcomes = sessionOf("t");
    server.sockets[0]?.terminate();
    await events("client.connected", 2);
    server.sockets[1]?.terminate();
    await events("client.resumed", 1);
    assert.deepEqual(claimsOf(server), [undefined, "s0", "t0"]);
  });

  test("has several connections, over which flows are spread", async () => {
    const server = await serve();
    const { host } = start([server.port], { connections: 3 });
    await events("client.connection-added", 2);
    assert.deepEqual(claimsOf(server).sort(), ["s1", "s2", undefined]);
    const hosts = Array.from({ length: 60 }, (_, i) => `02:00:00:00:01:${(i + 10).toString(16).padStart(2, "0")}`);
    host.send(...hosts.map((source) => ethernetFrame(B, source, "flow")));
    await waitFor("all frames", () => server.messages.length === 60, POLL);
    const perConnection = server.sockets.map((socket) => server.messagesOf.get(socket)?.length ?? 0);
    assert.ok(Math.min(...perConnection) > 5, `${perConnection}`);
  });

  test("goes on by the others while one connection is lost, which comes back", async () => {
    const server = await serve();
    const { host } = start([server.port], { connections: 2 });
    await events("client.connection-added", 1);
    server.clients.find(({ connection }) => connection === "1")?.socket.terminate();
    await events("client.resumed", 1);
    assert.deepEqual(log.of("client.connection-lost").length, 1);
    assert.equal(log.of("client.disconnected").length, 0);
    host.send(host.frameTo(B, "goes on"));
    await waitFor("the frame", () => server.messages.length === 1, POLL);
  });

  test("has all its connections again when any of them comes back, and not the first", async () => {
    const server = await serve();
    start([server.port], { connections: 3 });
    await events("client.connection-added", 2);
    server.welcomes = false;
    const countOf = (claim: string): number => claimsOf(server).filter((seen) => seen === claim).length;
    server.clients.find(({ connection }) => connection === "1")?.socket.terminate();
    await waitFor("the second's claim", () => countOf("s1") === 2, POLL);
    for (const { socket, connection } of server.clients) if (connection !== "1") socket.terminate();
    // Each wait is 5 to 10 ms: when the first has been through three of them, the third's is over.
    for (let claims = 1; claims <= 3; claims++) {
      await waitFor("the first's claim", () => countOf("s0") === claims, POLL);
      if (claims < 3) server.sockets.at(-1)?.terminate();
    }
    assert.equal(countOf("s2"), 1, "the third waits for a connection that stands");
    const second = server.clients.findLast(({ connection }) => connection === "1") ?? assert.fail();
    server.welcome(second.socket, sessionOf("s"));
    await waitFor("the third's claim", () => countOf("s2") === 2, POLL);
  });

  test("begins anew with all its connections when the server knows it no more", async () => {
    const server = await serve();
    start([server.port], { connections: 3 });
    await events("client.connection-added", 2);
    server.welcomes = sessionOf("t");
    for (const socket of server.sockets) socket.terminate();
    await events("client.connected", 2);
    await waitFor("all", () => ["t1", "t2"].every((claim) => claimsOf(server).includes(claim)), POLL);
  });

  test("has one connection with a server that allows no more, or speaks v1", async () => {
    const modest = await serve({ welcomes: sessionOf("s", 1) });
    start([modest.port], { connections: 8 });
    await events("client.connected", 1);
    const old = await serve({ speaksV2: false });
    start([old.port], { connections: 8 });
    await events("client.connected", 2);
    assert.deepEqual([modest.clients.length, old.clients.length], [1, 1]);
    old.sockets[0]?.terminate();
    await events("client.connected", 3);
    assert.deepEqual(claimsOf(old), [undefined, undefined]);
  });

  test("a network change with the old connection alive changes nothing", async () => {
    const server = await serve();
    start([server.port]);
    await events("client.connected", 1);
    let probes = 0;
    server.sockets[0]?.on("ping", () => probes++);
    const isProbedAgain = (): boolean => {
      wake.wake();
      return probes >= 3;
    };
    // One follows another only when the one before is through.
    await waitFor("a few probes", isProbedAgain, POLL);
    assert.deepEqual([server.clients.length, log.of("client.dialing").length], [1, 1]);
  });

  test("an old connection that is silent after a network change is replaced, and closed when the new one stands", async () => {
    const server = await serve();
    start([server.port]);
    await events("client.connected", 1);
    const [old] = server.sockets as [WebSocket];
    old.pause();
    wake.wake();
    await events("client.resumed", 1);
    assert.deepEqual(claimsOf(server), [undefined, "s0"]);
    assert.equal(log.of("client.disconnected").length, 0, "made before the old one was broken");
    old.resume();
    await waitFor("the end of the old one", () => server.closes.length === 1, POLL);
  });

  test("a connection from an address that is gone is dead at once", async () => {
    const server = await serve();
    let isOurs = true;
    start([server.port], {}, { hasAddress: () => isOurs });
    await events("client.connected", 1);
    isOurs = false;
    wake.wake();
    isOurs = true;
    await events("client.resumed", 1);
    assert.match(log.of("client.disconnected")[0]?.message ?? "", /our address 127\.0\.0\.1 is gone/);
  });

  test("is claimed again at once when the server gets an earlier claim late, which was called off", async () => {
    const server = await serve();
    const never = { leastMs: 60_000, mostMs: 60_000, maxMs: 60_000 };
    start([server.port], { backoff: never }, { hasAddress: () => false });
    await events("client.connected", 1);
    server.welcomes = false;
    wake.wake();
    await server.client(2);
    await events("client.dialing", 2);
    await waitFor("the second hello", () => server.texts.length === 2, POLL);
    wake.wake();
    const third = await server.client(3);
    server.welcomes = sessionOf("s");
    third.close(1000, "resumed");
    await events("client.resumed", 1);
    const fourth = await server.client(4);
    const lost = log.of("client.disconnected").length;
    fourth.close(1000, "resumed");
    await events("client.disconnected", lost + 1);
    assert.equal(log.of("client.dialing").length, 4, "that was nobody's of ours");
  });

  test("a wake-up ends our own waits, and none that the server has asked for", async () => {
    let status = 500;
    const refusing: NetServer = createServer((socket) => {
      socket
        .on("error", () => {})
        .once("data", () => {
          socket.end(formatResponse(status, status === 503 ? [["Retry-After", "30"]] : []));
        });
    });
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    start([(refusing.address() as AddressInfo).port], { backoff: { leastMs: 60_000, mostMs: 60_000, maxMs: 60_000 } });
    await events("client.dial-failed", 1);
    status = 503;
    wake.wake();
    await events("client.dial-failed", 2);
    wake.wake();
    assert.equal(log.of("client.dialing").length, 2);
    refusing.close();
  });

  describe("with several servers", () => {
    test("goes to the next one when the first fails, shows it no token of the other, and back when asked", async () => {
      const [first, second] = [await serve(), await serve({ welcomes: sessionOf("t") })];
      const { port } = first;
      const { client, host } = start([port, second.port], { connections: 2 });
      await events("client.connection-added", 1);
      await first.close();
      await events("client.connected", 2);
      await waitFor("both connections", () => second.clients.length >= 2, POLL);
      assert.deepEqual(claimsOf(second), [undefined, "t1"]);
      const again = await serve({ port, welcomes: sessionOf("u") });
      client.failBack();
      await events("client.connected", 3);
      await waitFor("both connections", () => again.clients.length >= 2, POLL);
      assert.deepEqual(claimsOf(again), [undefined, "u1"]);
      await waitFor("a goodbye", () => second.closes.length === 2, POLL);
      assert.deepEqual(second.closes, [1000, 1000]);
      host.send(host.frameTo(B, "at home"));
      await waitFor("the frame", () => again.messages.length === 1, POLL);
      client.failBack();
      assert.equal(again.clients.length, 2, "there already");
    });

    test("stays where it is if the first does not answer", async () => {
      const gone = await StandInServer.open();
      const { port } = gone;
      await gone.close();
      const second = await serve();
      const { client } = start([port, second.port]);
      await events("client.connected", 1);
      client.failBack();
      await events("client.dial-failed", 1);
      assert.match(log.of("client.dial-failed")[0]?.message ?? "", /goes on/);
      assert.deepEqual([second.clients.length, second.closes.length], [1, 0]);
    });

    test("raced: whoever answers first has it, and the others nothing", async () => {
      const sockets: Socket[] = [];
      const silent = createServer((socket) => sockets.push(socket.on("error", () => {}).resume())).unref();
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const second = await serve();
      start([(silent.address() as AddressInfo).port, second.port], { race: true });
      await events("client.connected", 1);
      await waitFor("the loser's end", () => sockets.every(({ destroyed }) => destroyed), POLL);
      silent.close();
    });
  });
});
