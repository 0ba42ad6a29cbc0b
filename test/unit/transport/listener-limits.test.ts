/** What a listener costs whoever has not said who they are, and that this locks nobody else out. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { connect as connectTls, createSecureContext } from "node:tls";
import { fileURLToPath } from "node:url";
import { makeCertificates } from "../../../lab/certificates.ts";
import { Lab } from "../../../lab/namespace.ts";
import { waitFor } from "../../../lab/wait.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { Incoming } from "../../../src/transport/incoming.ts";
import { parseListenAddress } from "../../../src/transport/listen-address.ts";
import {
  bindListeners,
  LISTENER_DEFAULTS,
  type Listener,
  type ListenerOptions,
} from "../../../src/transport/listener.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { HandClock } from "../../hand-clock.ts";
import { endpointOf, RawPeer } from "../../raw-peer.ts";
import { PROJECT_ROOT } from "../../source-files.ts";

const REQUEST = "GET /vpn HTTP/1.1\r\nHost: h\r\n\r\n";

describe("a listener's limits", () => {
  const lab = new Lab();
  let directory: string;
  let tls: ListenerOptions["tls"];
  let listeners: readonly Listener[];
  let peers: RawPeer[];
  let incomings: Incoming[];

  before(async () => {
    const { server } = await makeCertificates(lab, { server: ["localhost"] });
    const context = createSecureContext({ cert: readFileSync(server.certificate), key: readFileSync(server.key) });
    tls = { context: () => context, asksCertificate: false };
    directory = mkdtempSync(join(tmpdir(), "vpn-ws-limits-"));
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
    addresses: readonly string[],
    options: Partial<ListenerOptions> = {},
    clock: Clock = systemClock,
    peerUid: () => number | undefined = () => 1000,
  ): Promise<Listener> {
    const deps = { clock, log: silentLogger, peerUid };
    const parsed = addresses.map(parseListenAddress);
    listeners = await bindListeners(deps, parsed, { ...LISTENER_DEFAULTS, tls: undefined, ...options });
    for (const listener of listeners) listener.open((incoming) => incomings.push(incoming));
    return listeners[0] as Listener;
  }

  /** Dials from an address of its own: all of 127.0.0.0/8 is this machine. */
  async function dial({ address }: Listener, from?: string): Promise<RawPeer> {
    const source = from === undefined ? {} : { localAddress: from };
    const peer = new RawPeer(connect({ ...endpointOf(address), ...source, allowHalfOpen: true }));
    peers.push(peer);
    await waitFor("a connection", () => !peer.socket.connecting, { pollMs: 1 });
    return peer;
  }

  async function dialMany(listener: Listener, count: number, from?: string): Promise<RawPeer[]> {
    return await Promise.all(Array.from({ length: count }, () => dial(listener, from)));
  }

  /** A whole request gets in, from a fresh connection. */
  async function assertGetsIn(listener: Listener, from?: string): Promise<RawPeer> {
    const before = incomings.length;
    const peer = (await dial(listener, from)).send(REQUEST);
    await waitFor("the newcomer's request", () => incomings.length > before, { pollMs: 2 });
    return peer;
  }

  async function refusals(listener: Listener, expected: Readonly<Record<string, number>>): Promise<void> {
    const seen = (): string => JSON.stringify(Object.fromEntries(listener.refusals));
    await waitFor(JSON.stringify(expected), () => seen() === JSON.stringify(expected), { pollMs: 2, evidence: seen });
  }

  test("hear nobody who has gone before the kernel could say where they are", async () => {
    const listener = await listen(["tcp://127.0.0.1:0"]);
    const endpoint = JSON.stringify(endpointOf(listener.address));
    // While it runs we accept nothing; a reset is sent for what it leaves behind.
    const program = `const socket = require("node:net").connect(${endpoint}, () =>
      socket.write(${JSON.stringify(REQUEST)}, () => socket.resetAndDestroy()));`;
    assert.equal(spawnSync(process.execPath, ["-e", program]).status, 0);
    await refusals(listener, { gone: 1 });
    assert.deepEqual(incomings, []);
    await assertGetsIn(listener);
  });

  test("bound the unfinished handshakes of one address, and leave room to others", async () => {
    const listener = await listen(["tcp://127.0.0.1:0"], { maxPendingPerAddress: 3 });
    const first = await dialMany(listener, 3, "127.0.0.2");
    await (await dial(listener, "127.0.0.2")).untilClosed();
    await refusals(listener, { "too-many-from-address": 1 });
    await assertGetsIn(listener, "127.0.0.3");
    first[0]?.destroy();
    await refusals(listener, { "too-many-from-address": 1, gone: 1 });
    await assertGetsIn(listener, "127.0.0.2");
    assert.ok(first.slice(1).every(({ closed, ended }) => !closed && !ended));
  });

  test("bound all connections of one address, those with a request included, until they are closed", async () => {
    const listener = await listen(["https://127.0.0.1:0"], { maxConnectionsPerAddress: 2, tls });
    for (let i = 0; i < 2; i++) {
      const secure = connectTls({ ...endpointOf(listener.address), rejectUnauthorized: false });
      peers.push(new RawPeer(secure));
      await once(secure, "secureConnect");
      secure.write(REQUEST);
    }
    await waitFor("both requests", () => incomings.length === 2, { pollMs: 2 });
    await (await dial(listener)).untilClosed();
    await refusals(listener, { "too-many-from-address": 1 });
    const [ours] = incomings;
    ours?.socket.destroy();
    await waitFor("room again", async () => !(await isCutOff(await dial(listener))));
  });

  test("bound all connections of all listeners together; who is slow makes way before anyone is refused", async () => {
    const [http, unix] = ["http://127.0.0.1:0", `unix:${join(directory, "total.sock")}`];
    const listener = await listen([http as string, unix as string], { maxConnections: 3 });
    await assertGetsIn(listener);
    const slow = await dial(listener);
    await assertGetsIn(listeners[1] as Listener);
    await assertGetsIn(listener);
    await slow.untilClosed();
    await refusals(listener, { "crowded-out": 1 });
    for (const one of listeners) await (await dial(one)).untilClosed();
    await refusals(listener, { "crowded-out": 1, "too-many": 1 });
    await refusals(listeners[1] as Listener, { "too-many": 1 });
    assert.equal(incomings.length, 3);
  });

  test("do not hold for an address that many share, nor for a web server's unix socket", async () => {
    const few = { maxPendingPerAddress: 1, maxConnectionsPerAddress: 1 };
    const isSharedAddress = (address: string): boolean => address === "127.0.0.2";
    const addresses = ["tcp://127.0.0.1:0", `unix:${join(directory, "shared.sock")}`];
    const [tcp, unix] = [await listen(addresses, { ...few, isSharedAddress }), listeners[1] as Listener];
    for (let i = 0; i < 3; i++) {
      await assertGetsIn(tcp, "127.0.0.2");
      await assertGetsIn(unix);
    }
    await assertGetsIn(tcp, "127.0.0.3");
    await (await dial(tcp, "127.0.0.3")).untilClosed();
    await refusals(tcp, { "too-many-from-address": 1 });
    await refusals(unix, {});
  });

  test("make the address with most unfinished handshakes give way, not the one with the oldest", async () => {
    const listener = await listen(["tcp://127.0.0.1:0"], { maxPending: 4 });
    const patient = await dial(listener, "127.0.0.2");
    const flood = await dialMany(listener, 3, "127.0.0.3");
    const newcomer = await dial(listener, "127.0.0.4");
    await waitFor("one of the flood to go", () => flood.some(({ closed, ended }) => closed || ended), { pollMs: 2 });
    await refusals(listener, { "crowded-out": 1 });
    for (const peer of [patient, newcomer]) peer.send(REQUEST);
    await waitFor("both requests", () => incomings.length === 2, { pollMs: 2 });
  });

  test("let newcomers in, at their first try, while a thousand say nothing or not enough", async () => {
    const listener = await listen(["tcp://127.0.0.1:0"], { maxPending: 256, tls });
    const beginnings = ["", "GET / HT", "\x16\x03\x01", Buffer.from("00ffff00", "hex")];
    for (let host = 2; host < 18; host++) {
      const some = await dialMany(listener, 64, `127.0.1.${host}`);
      for (const [index, peer] of some.entries()) peer.send(beginnings[index % beginnings.length] as string);
      await assertGetsIn(listener, "127.0.2.1");
    }
    assert.ok((listener.refusals.get("crowded-out") ?? 0) >= 16 * 64 - 256);
  });

  for (const [protocol, start, drip] of [
    ["HTTP", "GET / HTTP/1.1\r\n", "X: y\r\n"],
    ["uwsgi", Buffer.from("00ffff00", "hex"), "0"],
    ["TLS", Buffer.from("1603010200010001fc0303", "hex"), "0"],
  ] as const) {
    test(`end who sends ${protocol} drop by drop in time, while others come in`, async () => {
      const clock = new HandClock();
      const listener = await listen(["tcp://127.0.0.1:0"], { tls }, clock);
      const slow = (await dial(listener)).send(start);
      slow.socket.setNoDelay(true);
      await waitFor("its head to be awaited", () => clock.timersSet === 2, { pollMs: 1 });
      for (let second = 1; second < 10; second++) {
        clock.advance(1_000);
        slow.send(drip);
        await assertGetsIn(listener);
      }
      assert.equal(slow.closed || slow.ended, false);
      clock.advance(1_000);
      await slow.untilClosed();
      await refusals(listener, protocol === "TLS" ? { "tls-failed": 1 } : { late: 1 });
    });
  }

  test("refuse a local user who may not use the socket, in words, whatever it speaks", async () => {
    let uid: number | undefined = 33;
    const mayConnect = (who: number | undefined): boolean => who === 33;
    const address = `unix:${join(directory, "peers.sock")}`;
    const listener = await listen([address], { mayConnect, maxPendingPerAddress: 2 }, systemClock, () => uid);
    await assertGetsIn(listener);
    const refused = [];
    for (uid of [1000, undefined, 1000, 1000]) {
      const peer = await dial(listener);
      refused.push(peer.send(uid === 1000 ? encodeUwsgi(0, [["REQUEST_URI", "/"]]) : REQUEST));
      await waitFor("it to be counted", () => total(listener) === refused.length, { pollMs: 2 });
    }
    for (const peer of refused.slice(0, 3)) {
      assert.match(
        await peer.untilReceived("socket."),
        /^HTTP\/1\.1 403 Forbidden\r\n.*\r\n\r\nYou may not use this socket\.\n$/s,
      );
    }
    assert.equal(await refused[3]?.untilClosed(), "", "who is refused over and over is one source, and cut off");
    await refusals(listener, { "peer-not-allowed": 3, "too-many-from-address": 1 });
    assert.equal(incomings.length, 1);
  });

  test("are no end where descriptors run out: it goes on as soon as there are some again", async () => {
    const file = fileURLToPath(new URL("./starving-program.ts", import.meta.url));
    const script = 'ulimit -n 40 && exec "$0" --import tsx "$1"';
    const stdio = ["ignore", "pipe", "inherit"] as const;
    const program = spawn("sh", ["-c", script, process.execPath, file], { cwd: PROJECT_ROOT, stdio: [...stdio] });
    try {
      const [line] = await once(program.stdout, "data");
      const address = String(line).trim();
      const flood = await Promise.all(Array.from({ length: 60 }, () => RawPeer.open(address)));
      peers.push(...flood);
      await waitFor("some to be cut off", () => flood.some(({ closed, ended }) => closed || ended), { pollMs: 2 });
      for (const peer of flood) peer.destroy();
      await waitFor("a newcomer to be served", async () => {
        const newcomer = (await RawPeer.open(address)).send(REQUEST);
        peers.push(newcomer);
        return (await newcomer.untilClosed()).includes("served");
      });
    } finally {
      program.kill("SIGKILL");
    }
  });

  const total = (listener: Listener): number => [...listener.refusals.values()].reduce((a, b) => a + b, 0);

  /** Whether the listener closes a connection rather than wait for what it says. */
  async function isCutOff(peer: RawPeer): Promise<boolean> {
    const before = total(listeners[0] as Listener);
    const probe = await dial(listeners[0] as Listener, "127.0.0.7");
    probe.send("no TLS");
    await waitFor("a later connection to be judged", () => total(listeners[0] as Listener) > before, { pollMs: 2 });
    return peer.closed || peer.ended;
  }
});
