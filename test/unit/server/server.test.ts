import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import { GuessLimiter } from "../../../src/access/guess-limiter.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { Client } from "../../../src/client/client.ts";
import { CLIENT_DEFAULTS, type ClientOptions } from "../../../src/client/client-options.ts";
import type { NetworkDefinition } from "../../../src/server/network.ts";
import { Server } from "../../../src/server/server.ts";
import { SERVER_DEFAULTS, type ServerOptions } from "../../../src/server/server-options.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS } from "../../../src/transport/listener.ts";
import { parseServerUrl } from "../../../src/transport/server-url.ts";
import { maskBytes } from "../../../src/wire/mask.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { VNET_HEADER_BYTES } from "../../../src/wire/vnet-header.ts";
import { encodeMessage, Opcode } from "../../../src/wire/websocket.ts";
import { superFrame } from "../../contract/test-frames.ts";
import { addressed, ethernetFrame, Host } from "../../host.ts";
import { learnedMacs } from "../../learned-macs.ts";
import { formatLegacyOpening, type LegacyOptions, LegacyPeer } from "../../legacy-peer.ts";
import { type OpenAccessOptions, openAccess } from "../../open-access.ts";
import { RawPeer } from "../../raw-peer.ts";
import { RecordingLog } from "../../recording-log.ts";

const SERVER = "02:00:00:00:00:ff";
const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const C = "02:00:00:00:00:0c";
const BEHIND = "02:00:00:00:01:01";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const NETWORK: Omit<NetworkDefinition, "device"> = {
  name: "default",
  addresses: [],
  prefixes: [],
  bridge: false,
  floodBroadcast: true,
  floodMulticast: true,
  mtu: 1500,
};
const NO_TLS = { ca: undefined, cert: undefined, key: undefined, verify: true, pins: [] };

describe("server", () => {
  let directory: string;
  let servers: Server[];
  let clients: Client[];
  let raws: RawPeer[];
  let log: RecordingLog;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-server-"));
  });
  after(() => rmSync(directory, { recursive: true }));
  beforeEach(() => {
    servers = [];
    clients = [];
    raws = [];
    log = new RecordingLog();
  });
  afterEach(async () => {
    for (const raw of raws) raw.destroy();
    await Promise.all(clients.map((client) => client.stop()));
    await Promise.all(servers.map((server) => server.stop()));
  });

  interface ServeOptions extends Partial<ServerOptions>, Partial<Omit<NetworkDefinition, "name" | "device">> {
    readonly listen?: readonly string[];
    readonly maxPending?: number;
    readonly access?: OpenAccessOptions;
  }

  interface Serving {
    readonly server: Server;
    /** `tcp://host:port`, where every protocol is spoken. */
    readonly address: string;
    readonly deviceErrors: Error[];
  }

  async function serve(
    {
      listen = ["tcp://127.0.0.1:0"],
      maxPending = LISTENER_DEFAULTS.maxPending,
      access = {},
      ...options
    }: ServeOptions = {},
    uplink?: Host,
  ): Promise<Serving> {
    const deviceErrors: Error[] = [];
    const listeners = await bindListeners(
      { clock: systemClock, log, peerUid: () => undefined },
      listen.map(parseListenAddress),
      {
        ...LISTENER_DEFAULTS,
        tls: undefined,
        maxPending,
      },
    );
    const server = new Server(
      {
        clock: systemClock,
        log,
        mask: maskBytes,
        tuneSocket: () => {},
        listeners,
        limiter: new GuessLimiter(systemClock),
        access: openAccess(access),
        networks: [{ ...NETWORK, device: uplink?.device, ...options }],
        onDeviceError: (error) => deviceErrors.push(error),
      },
      { ...SERVER_DEFAULTS, ...options },
    );
    servers.push(server);
    server.start();
    return { server, address: server.addresses[0] ?? "", deviceErrors };
  }

  /** Our client with a host behind it, joined. */
  async function joinOurs(
    { server, address }: Serving,
    host: Host,
    options: Partial<ClientOptions> = {},
  ): Promise<Client> {
    const client = new Client(
      { clock: systemClock, log, mask: maskBytes, tuneSocket: () => {}, device: host.device, onDeviceError: () => {} },
      {
        ...CLIENT_DEFAULTS,
        servers: [parseServerUrl(address.replace("tcp:", "ws:"))],
        tls: NO_TLS,
        credentials: undefined,
        ...options,
      },
    );
    clients.push(client);
    const welcomes = log.of("client.welcome").length;
    client.start();
    await waitFor("the peer", () => [...server.control.peers()].some(({ mac }) => mac === host.mac), { pollMs: 2 });
    if (options.dialects?.includes("v2") ?? true) {
      await waitFor("the welcome", () => log.of("client.welcome").length > welcomes, { pollMs: 2 });
    }
    return client;
  }

  async function joinLegacy({ address }: Serving, options: LegacyOptions = {}): Promise<LegacyPeer> {
    const peer = await LegacyPeer.join(address, options);
    raws.push(peer.raw);
    return peer;
  }

  async function dial(address: string): Promise<RawPeer> {
    const raw = await RawPeer.open(address);
    raws.push(raw);
    return raw;
  }

  /** The answer to one request, head and body, when the server has closed. */
  async function ask(address: string, request: string | Uint8Array): Promise<string> {
    return await (await dial(address)).send(request).untilClosed();
  }

  const control = (address: string, query: string): Promise<string> =>
    ask(address, encodeUwsgi(1, [["QUERY_STRING", query]]));
  const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));

  describe("joins", () => {
    test("clients and its own TAP into one network: frames cross both ways and between clients", async () => {
      const [uplink, a, b] = [new Host("uplink", SERVER), new Host("a", A), new Host("b", B)];
      const serving = await serve({}, uplink);
      await joinOurs(serving, a);
      await joinOurs(serving, b);
      const pairs = [
        [a, uplink],
        [uplink, a],
        [a, b],
        [b, a],
      ] as const;
      for (const [from, to] of pairs) {
        const frame = from.frameTo(to.mac, `from ${from.mac} to ${to.mac}`);
        from.send(frame);
        await to.until(frame);
      }
      a.send(a.frameTo(BROADCAST, "to all"));
      await Promise.all([uplink.until(a.frameTo(BROADCAST, "to all")), b.until(a.frameTo(BROADCAST, "to all"))]);
      assert.deepEqual(
        [a.frames.length, b.frames.length, uplink.frames.length],
        [2, 2, 2],
        "nobody gets what is not his",
      );
      assert.match(
        log.of("peer.joined")[0]?.message ?? "",
        /peer 1 joined default: 127\.0\.0\.1, 02:00:00:00:00:0a, v2/,
      );
      assert.match(log.of("peer.hello")[0]?.message ?? "", /peer 1 runs vpn-ws\//);
    });

    test("a super-frame crosses whole to whoever takes it, and cut to the original's peer", async () => {
      const [uplink, a, b] = [new Host("uplink", SERVER), new Host("a", A), new Host("b", B)];
      const serving = await serve({}, uplink);
      await joinOurs(serving, a);
      await joinOurs(serving, b);
      const legacy = await joinLegacy(serving, { mac: C });
      for (const to of [b, uplink]) {
        const bytes = addressed(superFrame(30_000), to.mac, A);
        a.sendSuper(bytes);
        await to.until(bytes.subarray(VNET_HEADER_BYTES));
      }
      a.sendSuper(addressed(superFrame(2_500), C, A));
      await waitFor("three segments", () => legacy.frames.length === 3, { pollMs: 2 });
      assert.deepEqual(
        legacy.frames.map(({ length }) => length),
        [1054, 1054, 554],
      );
    });

    test("a peer of the original's by plain HTTP, one without a MAC, and one through a web server", async () => {
      const a = new Host("a", A);
      const serving = await serve();
      await joinOurs(serving, a);
      const announced = await joinLegacy(serving, { mac: B.toUpperCase() });
      const silent = await joinLegacy(serving);
      const vars = [
        ["HTTP_UPGRADE", "websocket"],
        ["HTTP_CONNECTION", "upgrade"],
        ["HTTP_SEC_WEBSOCKET_KEY", "AAAAAAAAAAAAAA=="],
        ["HTTP_X_VPN_WS_MAC", "02:00:00:00:00:0d"],
        ["HTTP_X_VPN_WS_BRIDGE", "on"],
        ["REMOTE_USER", "alice"],
        ["REMOTE_ADDR", "192.0.2.9"],
        ["HTTPS_DN", "CN=laptop"],
      ] as const;
      await (await dial(serving.address)).send(encodeUwsgi(0, vars)).untilReceived("101 Switching Protocols");
      const fromB = ethernetFrame(A, B, "announced");
      announced.send(fromB);
      await a.until(fromB);
      const fromC = ethernetFrame(A, C, "silent until now");
      silent.send(fromC);
      await a.until(fromC);
      a.send(a.frameTo(C, "to the one that was silent"));
      await silent.until(a.frameTo(C, "to the one that was silent"));
      const [, , , uwsgi] = [...serving.server.control.peers()];
      assert.deepEqual(
        [uwsgi?.user, uwsgi?.address, uwsgi?.distinguishedName, uwsgi?.bridge],
        ["alice", "192.0.2.9", "CN=laptop", true],
      );
      assert.deepEqual(
        log.of("peer.joined").map(({ fields }) => fields.dialect),
        ["v2", "v1", "v1", "v1"],
      );
    });

    test("the TAP as a bridge: unknown unicast goes to it, and is learned behind it", async () => {
      const [uplink, a] = [new Host("uplink", SERVER), new Host("a", A)];
      const serving = await serve({ bridge: true }, uplink);
      await joinOurs(serving, a);
      a.send(a.frameTo(BEHIND, "who are you"));
      await uplink.until(a.frameTo(BEHIND, "who are you"));
      uplink.send(ethernetFrame(A, BEHIND, "me"));
      await a.until(ethernetFrame(A, BEHIND, "me"));
      assert.deepEqual(learnedMacs(serving.server.control, "uplink:default"), [BEHIND]);
    });

    test("what floods only as told", async () => {
      const [uplink, a] = [new Host("uplink", SERVER), new Host("a", A)];
      const serving = await serve({ floodBroadcast: false, floodMulticast: false }, uplink);
      await joinOurs(serving, a);
      a.send(a.frameTo(BROADCAST), a.frameTo("33:33:00:00:00:01"), a.frameTo(SERVER, "last"));
      await uplink.until(a.frameTo(SERVER, "last"));
      assert.equal(uplink.frames.length, 1);
    });
  });

  describe("refuses", () => {
    const upgrade = (lines: string, method = "GET"): string => `${method} / HTTP/1.1\r\nHost: h\r\n${lines}\r\n`;
    const UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    const cases = [
      ["a browser", upgrade(""), 426, /takes WebSocket connections only/],
      ["a POST", upgrade(`${UPGRADE}Sec-WebSocket-Key: AAAAAAAAAAAAAA==\r\n`, "POST"), 405, /GET/],
      ["version 8", upgrade(`${UPGRADE}Sec-WebSocket-Version: 8\r\n`), 426, /Sec-WebSocket-Version: 13/],
      ["no key", upgrade(UPGRADE), 400, /Key/],
      ["a wrong key", upgrade(`${UPGRADE}Sec-WebSocket-Key: short\r\n`), 400, /Key/],
      ["a MAC that is none", formatLegacyOpening({ mac: "02:00" }), 400, /MAC/],
      ["a MAC of a group", formatLegacyOpening({ mac: "01:00:5e:00:00:01" }), 400, /MAC/],
    ] as const;
    for (const [what, request, status, text] of cases) {
      test(`${what} with ${status} and a sentence, and goes on`, async () => {
        const serving = await serve();
        const answer = await ask(serving.address, request);
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.match(answer, text);
        assert.deepEqual([...serving.server.control.peers()], []);
        assert.deepEqual(
          log.of("access.refused").map(({ fields }) => fields.status),
          [status],
        );
        await joinLegacy(serving, { mac: A });
      });
    }

    test("one peer more than it takes, with 503 and when to come again, until another leaves", async () => {
      const serving = await serve({ maxPeers: 1 }, new Host("uplink", SERVER));
      const first = await joinLegacy(serving, { mac: A });
      const answer = await ask(serving.address, formatLegacyOpening({ mac: B }));
      assert.match(answer, /^HTTP\/1\.1 503 [\s\S]*Retry-After: 60/);
      first.close(1000);
      await waitFor("room", () => [...serving.server.control.peers()].length === 1, { pollMs: 2 });
      await joinLegacy(serving, { mac: B });
    });

    test("the oldest of those that say nothing, when there are more than may be pending", async () => {
      const serving = await serve({ maxPending: 3 });
      const silent: RawPeer[] = [];
      for (let i = 0; i < 3; i++) silent.push(await dial(serving.address));
      await joinLegacy(serving, { mac: A });
      assert.equal(await silent[0]?.untilClosed(), "");
      assert.deepEqual(
        silent.map(({ ended }) => ended),
        [true, false, false],
      );
    });
  });

  test("tells its health and how many peers there are, and lets nobody stay on that line", async () => {
    const serving = await serve({}, new Host("uplink", SERVER));
    await joinLegacy(serving, { mac: A });
    const raw = (await dial(serving.address)).send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    const answer = await raw.untilClosed();
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*application\/json/);
    assert.deepEqual(bodyOf(answer), { status: "ok", peers: 1 });
    await waitFor("the socket to be reset", () => {
      raw.send("x");
      return raw.closed;
    });
  });

  describe("control interface", () => {
    test("shows the TAP and every peer, and what went over the wire", async () => {
      const uplink = new Host("uplink", SERVER);
      const serving = await serve({}, uplink);
      const legacy = await joinLegacy(serving, { mac: A, bridge: true });
      const frames = [ethernetFrame(SERVER, A, "own"), ethernetFrame(SERVER, BEHIND, "behind")];
      legacy.send(...frames);
      await uplink.until(frames[1] as Buffer);
      const answer = await control(serving.address, "");
      assert.match(answer, /^HTTP\/1\.0 200 OK/);
      const { status, peers } = bodyOf(answer) as { status: string; peers: Record<string, unknown>[] };
      assert.equal(status, "ok");
      const [tap, peer] = peers;
      assert.deepEqual(Object.keys(tap ?? {}), Object.keys(peer ?? {}));
      assert.deepEqual([tap?.id, tap?.MAC, tap?.bridge], [0, SERVER.toUpperCase(), 0]);
      assert.deepEqual(
        [peer?.id, peer?.MAC, peer?.bridge, peer?.macs],
        [1, A.toUpperCase(), 1, [BEHIND.toUpperCase()]],
      );
      assert.equal(
        tap?.tx,
        frames.reduce((sum, { length }) => sum + length, 0),
      );
      assert.equal(peer?.rx, legacy.raw.socket.bytesWritten);
      assert.equal(peer?.tx, legacy.raw.socket.bytesRead);
    });

    test("?kill=ID closes that peer with 1008 and no other, not the TAP either", async () => {
      const uplink = new Host("uplink", SERVER);
      const serving = await serve({}, uplink);
      const [first, second] = [await joinLegacy(serving, { mac: A }), await joinLegacy(serving, { mac: B })];
      assert.match(await control(serving.address, "kill=1"), /^HTTP\/1\.0 200 [\s\S]*\{"status":"ok"\}$/);
      await first.raw.untilClosed();
      assert.deepEqual(first.closes, [1008]);
      for (const query of ["kill=1", "kill=0", "kill=2x", "kill=99"]) {
        assert.match(await control(serving.address, query), /^HTTP\/1\.0 404 [\s\S]*\{"status":"not found"\}$/, query);
      }
      second.send(ethernetFrame(SERVER, B, "still here"));
      await uplink.until(ethernetFrame(SERVER, B, "still here"));
      assert.deepEqual(
        Array.from(serving.server.control.peers(), ({ id }) => id),
        ["uplink:default", "2"],
      );
    });

    test("is not reached by plain HTTP", async () => {
      const serving = await serve();
      assert.match(await ask(serving.address, "GET /?kill=1 HTTP/1.1\r\nHost: h\r\n\r\n"), /^HTTP\/1\.1 426 /);
    });
  });

  describe("a peer that leaves", () => {
    for (const how of ["says goodbye", "vanishes", "breaks the protocol"] as const) {
      test(`and ${how} takes its port with it, and nothing else`, async () => {
        const uplink = new Host("uplink", SERVER);
        const serving = await serve({}, uplink);
        const [leaver, stayer] = [await joinLegacy(serving, { mac: A }), await joinLegacy(serving, { mac: B })];
        if (how === "says goodbye") leaver.close(1000);
        else if (how === "vanishes") leaver.raw.destroy();
        else leaver.raw.send(Buffer.from("f280", "hex"));
        await waitFor("the port to go", () => [...serving.server.control.peers()].length === 2, { pollMs: 2 });
        const [line] = log.of("peer.left");
        const expected = {
          "says goodbye": [1000, "peer"],
          vanishes: [1006, "peer"],
          "breaks the protocol": [1002, "us"],
        }[how];
        assert.deepEqual([line?.fields.peer, line?.fields.code, line?.fields.by], [1, ...expected]);
        stayer.send(ethernetFrame(SERVER, B, "on"));
        await uplink.until(ethernetFrame(SERVER, B, "on"));
      });
    }

    test("by a control message is closed with 1000", async () => {
      const serving = await serve();
      const raw = (await dial(serving.address)).send(
        formatLegacyOpening({ mac: A, headers: "Sec-WebSocket-Protocol: vpn-ws.v2\r\n" }),
      );
      await raw.untilReceived("vpn-ws.v2\r\n");
      raw.send(encodeMessage(Opcode.text, Buffer.from('{"kind":"bye","reason":"done","message":"bye"}'), 5, maskBytes));
      await raw.untilClosed();
      assert.ok(raw.received.includes(Buffer.from("03e8", "hex")));
    });
  });

  describe("stopping", () => {
    test("drains: close 1001 to every peer, then the TAP goes, and nobody is let in", async () => {
      const [uplink, a] = [new Host("uplink", SERVER), new Host("a", A)];
      const path = join(directory, "drain.sock");
      const serving = await serve({ listen: ["tcp://127.0.0.1:0", `unix:${path}`] }, uplink);
      const legacy = await joinLegacy(serving, { mac: B });
      await joinOurs(serving, a);
      const pending = await dial(serving.address);
      await Promise.all([serving.server.stop(), serving.server.stop()]);
      await legacy.raw.untilClosed();
      assert.deepEqual(legacy.closes, [1001]);
      await pending.untilClosed();
      await waitFor("the client's notice", () => log.of("client.disconnected").length > 0);
      assert.match(log.of("client.disconnected")[0]?.message ?? "", /the server is shutting down/);
      assert.deepEqual(
        log.of("peer.left").map(({ fields }) => [fields.code, fields.by]),
        [
          [1001, "us"],
          [1001, "us"],
        ],
      );
      assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
      assert.equal(uplink.device.refused, 0);
      uplink.send(uplink.frameTo(A));
      assert.deepEqual([...serving.server.control.peers()].length, 1, "only the TAP's port is left");
      await assert.rejects(
        RawPeer.open(serving.address)
          .then((raw) => raw.untilClosed())
          .then((text) => assert.equal(text, "?")),
      );
    });

    test("does not wait for a peer that does not listen", async () => {
      const serving = await serve({ closeTimeoutMs: 50 });
      const legacy = await joinLegacy(serving, { mac: A });
      legacy.raw.socket.pause();
      await serving.server.stop();
      assert.equal(log.of("peer.left").length, 1);
    });
  });

  test("a TAP that breaks is reported, once", async () => {
    const uplink = new Host("uplink", SERVER);
    const serving = await serve({}, uplink);
    uplink.device.fail(new Error("deleted"));
    uplink.device.fail(new Error("again"));
    assert.deepEqual(
      serving.deviceErrors.map(({ message }) => message),
      ["deleted"],
    );
  });
});
