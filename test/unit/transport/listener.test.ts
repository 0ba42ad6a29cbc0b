import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { connect, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls, createSecureContext } from "node:tls";
import { makeCertificates } from "../../../lab/certificates.ts";
import { Lab } from "../../../lab/namespace.ts";
import { readProcessUsage } from "../../../lab/usage.ts";
import { waitFor } from "../../../lab/wait.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { ConfigError } from "../../../src/base/errors.ts";
import { type Logger, silentLogger } from "../../../src/base/logger.ts";
import { peekByte } from "../../../src/cli/peek-byte.ts";
import type { PeekByte } from "../../../src/transport/first-byte.ts";
import { type Incoming, refuse } from "../../../src/transport/incoming.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import { bindListeners, LISTENER_DEFAULTS, Listener, type ListenerOptions } from "../../../src/transport/listener.ts";
import type { TlsOffer } from "../../../src/transport/tls-offer.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { HandClock } from "../../hand-clock.ts";
import { endpointOf, RawPeer } from "../../raw-peer.ts";
import { RecordingLog } from "../../recording-log.ts";

const REQUEST = "GET /vpn?a=b HTTP/1.1\r\nHost: h\r\nX-Vpn-Ws-Mac: 02:00:00:00:00:01\r\n\r\n";
const UWSGI = encodeUwsgi(0, [
  ["REQUEST_URI", "/vpn?a=b"],
  ["HTTP_X_VPN_WS_MAC", "02:00:00:00:00:01"],
  ["REMOTE_ADDR", "192.0.2.9"],
  ["REMOTE_USER", "alice"],
  ["DN", "CN=second"],
  ["HTTPS_DN", "CN=first"],
]);

for (const [title, peeked] of [
  ["listener", { peekByte }],
  ["listener that cannot peek", {}],
] as const) {
  describe(title, () => suite(peeked));
}

function suite(peeked: { readonly peekByte?: PeekByte }): void {
  const lab = new Lab();
  let directory: string;
  let tls: TlsOffer;
  let listeners: Listener[];
  let peers: RawPeer[];
  let incomings: Incoming[];

  before(async () => {
    const { server } = await makeCertificates(lab, { server: ["localhost", "127.0.0.1"] });
    const context = createSecureContext({ cert: readFileSync(server.certificate), key: readFileSync(server.key) });
    tls = { context: () => context, asksCertificate: false };
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-listener-"));
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await lab.close();
  });
  beforeEach(() => {
    listeners = [];
    peers = [];
    incomings = [];
  });
  afterEach(() => {
    for (const listener of listeners) listener.close();
    for (const peer of peers) peer.destroy();
    for (const { socket } of incomings) socket.destroy();
  });

  async function listen(
    text: string,
    options: Partial<ListenerOptions> = {},
    clock: Clock = systemClock,
    log: Logger = silentLogger,
  ): Promise<Listener> {
    const address = parseListenAddress(text);
    const deps = { clock, log, peerUid: () => 1000, ...peeked };
    const listener = new Listener(deps, { ...LISTENER_DEFAULTS, tls: undefined, ...options, address });
    listeners.push(listener);
    await listener.bind();
    listener.open((incoming) => incomings.push(incoming));
    return listener;
  }

  async function dial({ address }: Listener): Promise<RawPeer> {
    const peer = await RawPeer.open(address);
    peers.push(peer);
    return peer;
  }

  async function dialTls({ address }: Listener): Promise<RawPeer> {
    const socket = connectTls({ ...endpointOf(address), rejectUnauthorized: false });
    const peer = new RawPeer(socket);
    peers.push(peer);
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    return peer;
  }

  async function nextIncoming(): Promise<Incoming> {
    return await waitFor("a request", () => incomings.at(-1), { pollMs: 1 });
  }

  async function refusals(listener: Listener, reason: string, count: number): Promise<void> {
    await waitFor(`${count} refusals for ${reason}`, () => listener.refusals.get(reason) === count, { pollMs: 2 });
    assert.deepEqual([...listener.refusals], [[reason, count]]);
  }

  const seen = ({ via, request, isControl, origin, word, rest }: Incoming) => ({
    via,
    path: request.path,
    query: request.query,
    mac: request.header("x-vpn-ws-mac"),
    isControl,
    origin,
    word,
    rest: rest.toString(),
  });
  const expected = { path: "/vpn", query: "a=b", mac: "02:00:00:00:00:01", isControl: false, rest: "rest" };
  const anonymous = { address: "", user: "", distinguishedName: "" };

  for (const address of ["http://127.0.0.1:0", "http://[::1]:0", "tcp://127.0.0.1:0", "unix:PATH"]) {
    test(`${address} takes HTTP, byte by byte as well, and keeps what came behind it`, async () => {
      const listener = await listen(address.replace("PATH", join(directory, "http.sock")));
      const peer = await dial(listener);
      peer.socket.setNoDelay(true);
      for (const byte of REQUEST.slice(0, -1)) peer.send(byte);
      peer.send("\nrest");
      const incoming = await nextIncoming();
      const isUnix = address.startsWith("unix");
      const origin = isUnix ? { kind: "unix", uid: 1000 } : { kind: "tcp", address: endpointHost(address) };
      assert.deepEqual(seen(incoming), { ...expected, via: "http", origin, word: anonymous });
      assert.ok(incoming.socket.isPaused());
    });
  }

  for (const address of ["tcp://127.0.0.1:0", "unix:PATH"]) {
    test(`${address} takes uwsgi, with what it says about the client`, async () => {
      const listener = await listen(address.replace("PATH", join(directory, "uwsgi.sock")));
      const peer = await dial(listener);
      peer.send(UWSGI.subarray(0, 1), UWSGI.subarray(1, 9), UWSGI.subarray(9), "rest");
      const word = { address: "192.0.2.9", user: "alice", distinguishedName: "CN=first" };
      const seenHere = { ...seen(await nextIncoming()), origin: undefined };
      assert.deepEqual(seenHere, { ...expected, via: "uwsgi", origin: undefined, word });
    });
  }

  for (const address of ["https://127.0.0.1:0", "tcp://127.0.0.1:0", "unix:PATH"]) {
    test(`${address} takes TLS with HTTP inside`, async () => {
      const listener = await listen(address.replace("PATH", join(directory, "tls.sock")), { tls });
      const peer = await dialTls(listener);
      peer.send(`${REQUEST}rest`);
      const incoming = await nextIncoming();
      assert.deepEqual(
        { ...seen(incoming), origin: undefined },
        { ...expected, via: "http", origin: undefined, word: anonymous },
      );
      incoming.socket.resume().write("answer");
      assert.equal(await peer.untilReceived("answer"), "answer");
    });
  }

  test("uwsgi with modifier1 = 1 is a question to the control interface", async () => {
    const listener = await listen("tcp://127.0.0.1:0");
    (await dial(listener)).send(encodeUwsgi(1, [["QUERY_STRING", "kill=3"]]));
    const incoming = await nextIncoming();
    assert.deepEqual([incoming.isControl, incoming.request.query], [true, "kill=3"]);
  });

  describe("refuses, with the reason counted,", () => {
    const cases = [
      ["bytes of no protocol", "tcp://127.0.0.1:0", "\x80garbage", "unknown-protocol", /^$/],
      ["uwsgi where only HTTP is spoken", "http://127.0.0.1:0", Buffer.from(UWSGI), "unknown-protocol", /^$/],
      [
        "HTTP where only TLS is spoken",
        "https://127.0.0.1:0",
        REQUEST,
        "unknown-protocol",
        /^HTTP\/1\.1 400 .*use https/s,
      ],
      ["TLS where there is no certificate", "tcp://127.0.0.1:0", "\x16\x03\x01", "tls-failed", /^$/],
      [
        "garbage that begins like TLS",
        "https://127.0.0.1:0",
        "\x16 is all that is right here",
        "tls-failed",
        /^(?!HTTP)/,
      ],
      ["a malformed request", "http://127.0.0.1:0", "GET nowhere\r\n\r\n", "malformed", /^HTTP\/1\.1 400 /],
      [
        "a head that never ends",
        "http://127.0.0.1:0",
        `GET / HTTP/1.1\r\nX: ${"y".repeat(17_000)}`,
        "malformed",
        /^HTTP\/1\.1 431 /,
      ],
      [
        "a thousand headers",
        "http://127.0.0.1:0",
        `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(1_000)}\r\n`,
        "malformed",
        /^HTTP\/1\.1 431 /,
      ],
      [
        "a uwsgi variable longer than its packet",
        "tcp://127.0.0.1:0",
        Buffer.from("00040000ffff4141", "hex"),
        "malformed",
        /^HTTP\/1\.1 400 /,
      ],
    ] as const;
    for (const [what, address, bytes, reason, answer] of cases) {
      test(what, async () => {
        const listener = await listen(address, address.startsWith("https") ? { tls } : {});
        const peer = await dial(listener);
        peer.send(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
        assert.match(await peer.untilClosed(), answer);
        await refusals(listener, reason, 1);
        assert.equal(incomings.length, 0);
      });
    }

    test("who connects and leaves", async () => {
      const listener = await listen("http://127.0.0.1:0");
      (await dial(listener)).socket.end();
      await refusals(listener, "gone", 1);
      (await dial(listener)).send("GET / HT").socket.end();
      await refusals(listener, "gone", 2);
    });

    test("who says nothing, or not enough, in time", async () => {
      const clock = new HandClock();
      const listener = await listen("tcp://127.0.0.1:0", { tls }, clock);
      const silent = await dial(listener);
      const slow = (await dial(listener)).send("GET / HTTP/1.1\r\n");
      const slowTls = (await dial(listener)).send(Buffer.from("160301", "hex"));
      // Each waits for a first byte; two then for more, with a timer of its own.
      await waitFor("all three to be waited for", () => clock.timersSet === 5, { pollMs: 2 });
      assert.equal(clock.timers, 3);
      clock.advance(9_999);
      assert.equal(listener.refusals.size, 0);
      clock.advance(1);
      assert.match(await slow.untilClosed(), /^HTTP\/1\.1 408 /);
      await Promise.all([silent.untilClosed(), slowTls.untilClosed()]);
      await waitFor("three refusals", () => [...listener.refusals.values()].reduce((a, b) => a + b, 0) === 3);
      assert.deepEqual(Object.fromEntries(listener.refusals), { late: 2, "tls-failed": 1 });
    });

    test("who has taken longest when too many have not finished, and only them", async () => {
      const listener = await listen("https://127.0.0.1:0", { maxPending: 2, tls });
      const silent = await dial(listener);
      const inTls = await dialTls(listener);
      const done = (await dialTls(listener)).send(REQUEST);
      await silent.untilClosed();
      await refusals(listener, "crowded-out", 1);
      await waitFor("the first request", () => incomings.length === 1);
      // There is room again: who is in TLS is crowded out by the second of these only.
      const last = [await dial(listener), await dial(listener)];
      await inTls.untilClosed();
      await refusals(listener, "crowded-out", 2);
      assert.deepEqual(
        [done, ...last].map(({ ended, closed }) => ended || closed),
        [false, false, false],
      );
    });
  });

  test("until it is open it reads nothing, and then serves those who came before, in time from then on", async () => {
    const clock = new HandClock();
    const address = parseListenAddress("http://127.0.0.1:0");
    const listener = new Listener(
      { clock, log: silentLogger, peerUid: () => undefined },
      { ...LISTENER_DEFAULTS, tls: undefined, maxPending: 2, address },
    );
    listeners.push(listener);
    await listener.bind();
    const [crowdedOut, early, silent] = [await dial(listener), await dial(listener), await dial(listener)];
    early.send(REQUEST);
    await crowdedOut.untilClosed();
    clock.advance(20_000);
    assert.deepEqual([clock.timersSet, incomings.length], [0, 0]);
    listener.open((incoming) => incomings.push(incoming));
    await nextIncoming();
    clock.advance(10_000);
    await silent.untilClosed();
    assert.deepEqual(Object.fromEntries(listener.refusals), { "crowded-out": 1, late: 1 });
  });

  test("several are bound, or none", async () => {
    const { address } = await listen("http://127.0.0.1:0");
    const path = join(directory, "one-of-two.sock");
    const addresses = [`unix:${path}`, address].map(parseListenAddress);
    const deps = { clock: systemClock, log: silentLogger, peerUid: () => undefined };
    const bound = bindListeners(deps, addresses, { ...LISTENER_DEFAULTS, tls: undefined });
    await assert.rejects(bound, isConfigError("LISTEN_FAILED", /EADDRINUSE/, /another port/));
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });

  test("a refused client that goes on sending is cut off all the same", async () => {
    const listener = await listen("http://127.0.0.1:0");
    const peer = (await dial(listener)).send(REQUEST);
    const { socket } = await nextIncoming();
    refuse(socket, 403, "No.");
    await peer.untilReceived("403");
    const drip = setInterval(() => peer.send("x"), 100);
    try {
      await waitFor("the socket to be destroyed", () => socket.destroyed, { timeoutMs: 6_000 });
    } finally {
      clearInterval(drip);
    }
  });

  test("who goes before a byte of TLS is gone, and who says nothing is late", async () => {
    const clock = new HandClock();
    const listener = await listen("https://127.0.0.1:0", { tls }, clock);
    const [gone, silent] = [await dial(listener), await dial(listener)];
    await waitFor("both to be accepted", () => clock.timersSet === 2);
    gone.socket.end();
    await refusals(listener, "gone", 1);
    clock.advance(10_000);
    await silent.untilClosed();
    assert.deepEqual(Object.fromEntries(listener.refusals), { gone: 1, late: 1 });
  });

  test("who speaks HTTP where TLS is spoken gets the whole answer, whatever else he has sent", async () => {
    const listener = await listen("https://127.0.0.1:0", { tls });
    const peer = (await dial(listener)).send(REQUEST, Buffer.alloc(300_000, 120));
    assert.match(await peer.untilReceived("use https"), /^HTTP\/1\.1 400 /);
    await refusals(listener, "unknown-protocol", 1);
  });

  test("TLS reads all that the kernel has at once, if the listener may peek", async () => {
    const listener = await listen("https://127.0.0.1:0", { tls });
    const peer = (await dialTls(listener)).send(REQUEST);
    const { socket } = await nextIncoming();
    const bytes = 60_000;
    // Written at once, in this turn of the event loop: the kernel has all of it before anybody reads.
    peer.send(Buffer.alloc(bytes, 120));
    let arrived = 0;
    const callsBefore = readProcessUsage(process.pid).ioCalls;
    await new Promise<void>((resolve) => {
      socket.on("data", ({ length }) => {
        arrived += length;
        if (arrived === bytes) resolve();
      });
      socket.resume();
    });
    const calls = readProcessUsage(process.pid).ioCalls - callsBefore;
    // Five for looking, and one for the bytes; by 17 KiB in two calls each it would be seven for them.
    assert.equal(calls < 9, peeked.peekByte !== undefined, `${calls} calls`);
  });

  test("a TLS peer that breaks off later is not counted as a failed handshake", async () => {
    const listener = await listen("https://127.0.0.1:0", { tls });
    const peer = (await dialTls(listener)).send(REQUEST);
    const { socket } = await nextIncoming();
    const isOver = once(socket.resume(), "close").catch(() => {});
    socket.destroy(new Error("read ECONNRESET"));
    await isOver;
    await turn();
    assert.deepEqual([...listener.refusals], []);
    peer.destroy();
  });

  test("an accept that fails, as with too few descriptors, leaves the listener working", async () => {
    const started: Server[] = [];
    const original = Server.prototype.listen;
    const spy = mock.method(Server.prototype, "listen", function (this: Server, ...args: never[]): Server {
      started.push(this);
      return Reflect.apply(original, this, args);
    });
    const clock = new HandClock();
    const log = new RecordingLog();
    const listener = await listen("http://127.0.0.1:0", {}, clock, log);
    spy.mock.restore();
    const fail = (): unknown => started[0]?.emit("error", new Error("accept EMFILE"));
    for (let i = 0; i < 3; i++) fail();
    (await dial(listener)).send(REQUEST);
    await nextIncoming();
    assert.deepEqual([...listener.refusals], [["accept-failed", 3]]);
    assert.equal(log.of("listener.error").length, 1, "a flood of failures is one line");
    clock.advance(60_000);
    fail();
    assert.equal(log.of("listener.error").length, 2);
  });

  test("closing drops who has not finished, leaves who has, and the unix socket goes", async () => {
    const path = join(directory, "close.sock");
    const clock = new HandClock();
    const listener = await listen(`unix:${path}`, {}, clock);
    const done = (await dial(listener)).send(REQUEST);
    const { socket } = await nextIncoming();
    const pending = await dial(listener);
    await waitFor("the second", () => clock.timersSet === 3, { pollMs: 1 });
    listener.close();
    await pending.untilClosed();
    socket.resume().write("still here");
    await done.untilReceived("still here");
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });

  describe("a unix socket", () => {
    test("is open to the web server's user", async () => {
      const path = join(directory, "mode.sock");
      await listen(`unix:${path}`);
      assert.equal(statSync(path).mode & 0o777, 0o666);
    });

    test("is made with its mode: nothing that is put in its place has its own changed", async () => {
      const path = join(directory, "swapped.sock");
      const victim = join(directory, "victim");
      writeFileSync(victim, "secret", { mode: 0o600 });
      const umask = process.umask(0o077);
      const original = Server.prototype.listen;
      const spy = mock.method(Server.prototype, "listen", function (this: Server, ...args: never[]): Server {
        Reflect.apply(original, this, args);
        assert.equal(statSync(path).mode & 0o777, 0o666);
        unlinkSync(path);
        symlinkSync(victim, path);
        return this;
      });
      try {
        await listen(`unix:${path}`);
        assert.equal(statSync(victim).mode & 0o777, 0o600);
        assert.equal(process.umask(), 0o077);
      } finally {
        spy.mock.restore();
        process.umask(umask);
      }
    });

    test("that a dead server left behind is replaced", async () => {
      const path = join(directory, "stale.sock");
      const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
      spawnSync(process.execPath, ["-e", script]);
      assert.ok(statSync(path).isSocket());
      await dial(await listen(`unix:${path}`));
    });

    test("that another program answers is left alone", async () => {
      const path = join(directory, "taken.sock");
      const first = await listen(`unix:${path}`);
      await assert.rejects(listen(`unix:${path}`), isConfigError("LISTEN_FAILED", /another program/, /Stop it/));
      await dial(first);
    });

    test("is left alone while its server is too busy to answer", async () => {
      const path = join(directory, "busy.sock");
      // Accepts nothing: its event loop waits for good, and its backlog is soon full.
      const script = `require("net").createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => {
        require("fs").writeSync(1, "up");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      })`;
      const busy = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        await once(busy.stdout, "data");
        const { ino } = statSync(path);
        await waitFor("a full backlog", async () => (await connectCode(path)) === "EAGAIN");
        await assert.rejects(
          listen(`unix:${path}`),
          isConfigError("LISTEN_FAILED", /may be in use \(EAGAIN\)/, /another path/),
        );
        assert.equal(statSync(path).ino, ino);
      } finally {
        busy.kill("SIGKILL");
      }
    });

    test("never replaces a file that is no socket", async () => {
      const path = join(directory, "precious.txt");
      writeFileSync(path, "precious");
      await assert.rejects(listen(`unix:${path}`), isConfigError("LISTEN_PATH_TAKEN", /no socket/, /another path/));
      assert.equal(readFileSync(path, "utf8"), "precious");
    });

    test("needs its folder", async () => {
      const path = `unix:${join(directory, "missing", "x.sock")}`;
      await assert.rejects(listen(path), isConfigError("LISTEN_FAILED", /EACCES/, /must exist/));
    });
  });

  test("an address in use, or of another machine, is refused with a hint", async () => {
    const { address } = await listen("http://127.0.0.1:0");
    await assert.rejects(listen(address), isConfigError("LISTEN_FAILED", /EADDRINUSE/, /another port/));
    await assert.rejects(listen("tcp://192.0.2.1:1"), isConfigError("LISTEN_FAILED", /EADDRNOTAVAIL/, /No interface/));
  });
}

/** How a connection to a unix socket fails, undefined if it does not; it stays, and goes with its server. */
function connectCode(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(undefined)).unref();
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

function endpointHost(address: string): string {
  return new URL(address.replace("tcp:", "http:")).hostname.replace(/[[\]]/g, "");
}

function isConfigError(code: string, message: RegExp, hint: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    return true;
  };
}
