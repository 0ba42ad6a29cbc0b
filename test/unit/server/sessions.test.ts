/** Sessions across connections, over loopback sockets: what a claim gets, what survives, what ends. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import type { MayConnect } from "../../../src/transport/incoming.ts";
import { MAX_SESSION_CONNECTIONS, SESSION_TOKEN } from "../../../src/wire/session-claim.ts";
import { encodeUwsgi } from "../../../src/wire/uwsgi.ts";
import { ByName } from "../../by-name.ts";
import { HandClock } from "../../hand-clock.ts";
import { ethernetFrame, Host } from "../../host.ts";
import { learnedMacs } from "../../learned-macs.ts";
import { LegacyPeer } from "../../legacy-peer.ts";
import { type Loopback, type LoopbackOptions, startLoopbackServer } from "../../loopback-server.ts";
import { type OpenAccessOptions, openAccess } from "../../open-access.ts";
import { RawPeer } from "../../raw-peer.ts";
import { RecordingLog } from "../../recording-log.ts";
import { formatV2Opening, type V2Options, V2Peer } from "../../v2-peer.ts";

const SERVER = "02:00:00:00:00:ff";
const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const BEHIND = "02:00:00:00:01:01";
/** The id of the server's own TAP. */
const UPLINK = "uplink:default";
const NOBODYS = "A".repeat(43);

const as = (name: string): string => `Authorization: Bearer ${name}\r\n`;

describe("a session", () => {
  let log: RecordingLog;
  let uplink: Host;
  let byName: ByName;
  let serving: Loopback;
  let peers: V2Peer[];

  beforeEach(() => {
    log = new RecordingLog();
    uplink = new Host("uplink", SERVER);
    byName = new ByName();
    peers = [];
  });
  afterEach(async () => {
    for (const { raw } of peers) raw.destroy();
    await serving.server.stop();
  });

  async function serve(options: LoopbackOptions = {}): Promise<void> {
    const access = { authenticators: [byName], ...options.access };
    serving = await startLoopbackServer(log, { device: uplink.device, closeTimeoutMs: 200, ...options, access });
  }

  async function join(options: V2Options = {}): Promise<V2Peer> {
    const peer = await V2Peer.join(serving.address, { mac: A, ...options });
    peers.push(peer);
    await peer.welcome();
    return peer;
  }

  /** A further connection of the first one's session. */
  async function claim(first: V2Peer, connection: number, options: V2Options = {}): Promise<V2Peer> {
    return join({ claim: { token: await first.token(), connection }, ...options });
  }

  async function lose(peer: V2Peer): Promise<void> {
    const before = log.of("peer.connection-lost").length;
    peer.vanish();
    await waitFor("the loss", () => log.of("peer.connection-lost").length > before, { pollMs: 2 });
  }

  const idsOf = (): readonly string[] => Array.from(serving.server.control.peers(), ({ id }) => id);
  const peer = () => [...serving.server.control.peers()][1];
  const left = async (): Promise<unknown> =>
    waitFor("the end of the session", () => log.of("peer.left").length > 0, { pollMs: 2 });

  test("is named in the welcome, to peers of dialect v2", async () => {
    await serve({ holdMs: 1_234 });
    const { session } = await (await join()).welcome();
    assert.match(session?.token ?? "", SESSION_TOKEN);
    assert.deepEqual([session?.holdMs, session?.maxConnections], [1_234, MAX_SESSION_CONNECTIONS]);
    assert.ok(!log.text.includes(session?.token ?? ""), "the token is in no line of the log");
  });

  test("waits for its client: id, MAC and counters are the same, and what came meanwhile is sent", async () => {
    await serve();
    const first = await join();
    first.send(ethernetFrame(SERVER, A, "before"));
    await uplink.until(ethernetFrame(SERVER, A, "before"));
    const before = peer();
    await lose(first);
    assert.deepEqual([peer()?.id, peer()?.mac, peer()?.connections], ["1", A, 0]);
    uplink.send(uplink.frameTo(A, "meanwhile"));
    uplink.send(uplink.frameTo(A, "and again"));
    const second = await claim(first, 0);
    await second.until(uplink.frameTo(A, "and again"));
    assert.deepEqual(second.frames, [uplink.frameTo(A, "meanwhile"), uplink.frameTo(A, "and again")]);
    assert.equal(await second.token(), await first.token());
    assert.deepEqual([peer()?.id, peer()?.connections], ["1", 1]);
    assert.ok((peer()?.wire.receivedBytes ?? 0) > (before?.wire.receivedBytes ?? 0));
    assert.deepEqual(
      log.of("peer.resumed").map(({ fields }) => [fields.arrival, fields.connection, fields.heldFrames]),
      [["returned", 0, 2]],
    );
    second.send(ethernetFrame(SERVER, A, "after"));
    await uplink.until(ethernetFrame(SERVER, A, "after"));
  });

  test("keeps what a bridge has shown", async () => {
    await serve({ access: { policyData: { defaults: { bridge: true } } } });
    const first = await join({ bridge: true });
    first.send(ethernetFrame(SERVER, BEHIND, "from behind"));
    await uplink.until(ethernetFrame(SERVER, BEHIND, "from behind"));
    await lose(first);
    uplink.send(uplink.frameTo(BEHIND, "meanwhile"));
    const second = await claim(first, 0, { bridge: true });
    await second.until(uplink.frameTo(BEHIND, "meanwhile"));
    assert.deepEqual(learnedMacs(serving.server.control, "1"), [BEHIND]);
  });

  test("takes a claim while the old connection seems open, which is closed with 1000 at once", async () => {
    await serve();
    const first = await join();
    const second = await claim(first, 0);
    await first.untilClosed();
    assert.deepEqual(first.closes, [[1000, "resumed"]]);
    uplink.send(uplink.frameTo(A, "to the new one"));
    await second.until(uplink.frameTo(A, "to the new one"));
    assert.deepEqual([peer()?.id, peer()?.connections, first.frames.length], ["1", 1, 0]);
    await waitFor("the old one to be cut", () => first.raw.ended || first.raw.closed);
    assert.equal(log.of("peer.left").length + log.of("peer.connection-lost").length, 0);
  });

  test("is over when nobody came back in time", async () => {
    await serve({ holdMs: 30 });
    const first = await join();
    await lose(first);
    await left();
    assert.deepEqual(idsOf(), [UPLINK]);
    await claim(first, 0);
    assert.deepEqual(idsOf(), [UPLINK, "2"]);
    assert.notEqual(await first.token(), await peers.at(-1)?.token());
  });

  test("may have eight connections, and ends with a goodbye on one", async () => {
    await serve();
    const first = await join();
    const others = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((number) => claim(first, number)));
    assert.equal(peer()?.connections, 8);
    others[3]?.close(1001);
    await left();
    for (const other of [first, ...others.filter((one) => one !== others[3])]) await other.untilClosed();
    assert.deepEqual(idsOf(), [UPLINK]);
    assert.deepEqual(first.closes, [[1000, "the session is over"]]);
  });

  for (const [how, end] of [
    ["a bye", (one: V2Peer) => one.say({ kind: "bye", reason: "done", message: "" })],
    ["a close frame", (one: V2Peer) => one.close(1000)],
    ["a breach of the protocol", (one: V2Peer) => one.raw.send(Buffer.from("f280", "hex"))],
  ] as const) {
    test(`ends at once by ${how}, with its token`, async () => {
      await serve();
      const first = await join();
      end(first);
      await left();
      assert.deepEqual(idsOf(), [UPLINK]);
      await claim(first, 0);
      assert.deepEqual(idsOf(), [UPLINK, "2"]);
    });
  }

  test("is not held for who was never told its token: its other dial, called off, has not the MAC for long", async () => {
    await serve();
    const kept = await join();
    const other = (await RawPeer.open(serving.address)).send(formatV2Opening({ mac: A }));
    await other.untilReceived("\r\n\r\n");
    other.destroy();
    await left();
    assert.deepEqual(idsOf(), [UPLINK, "1"]);
    uplink.send(uplink.frameTo(A, "for the one that stands"));
    await kept.until(uplink.frameTo(A, "for the one that stands"));
  });

  test("of a peer of dialect v1 is its connection", async () => {
    await serve();
    const legacy = await LegacyPeer.join(serving.address, { mac: A });
    legacy.raw.destroy();
    await left();
    assert.deepEqual(idsOf(), [UPLINK]);
  });

  describe("claimed", () => {
    const refused = { name: "Error", message: /^HTTP\/1\.1 410 [\s\S]*That session is over: begin a new one\./ };

    test("without there being one: connection 0 begins a new one, another gets 410", async () => {
      await serve();
      await assert.rejects(join({ claim: { token: NOBODYS, connection: 1 } }), refused);
      const begun = await join({ claim: { token: NOBODYS, connection: 0 } });
      assert.notEqual(await begun.token(), NOBODYS);
      assert.deepEqual(idsOf(), [UPLINK, "1"]);
    });

    for (const [what, options] of [
      ["another user", { headers: as("bob") }],
      ["nobody", {}],
      ["another MAC", { headers: as("alice"), mac: B }],
      ["a bridge", { headers: as("alice"), bridge: true }],
      ["another network", { headers: as("alice"), path: "/lab" }],
    ] as const) {
      test(`by ${what} is answered as one that is not there`, async () => {
        const networks = [
          { name: "default", path: "/" },
          { name: "lab", path: "/lab" },
        ];
        const policyData = { networks, defaults: { bridge: true, networks: ["default", "lab"] } };
        await serve({ networks: ["default", "lab"], access: { policyData } });
        const first = await join({ headers: as("alice") });
        await assert.rejects(claim(first, 1, options), refused);
        await first.welcome();
        assert.deepEqual([peer()?.id, peer()?.connections, first.closes.length], ["1", 1, 0]);
      });
    }

    test("by the right user with other credentials is taken, and redeems nothing", async () => {
      await serve();
      const first = await join({ headers: as("alice1") });
      await claim(first, 1, { headers: as("alice2") });
      assert.deepEqual([peer()?.connections, byName.redeemed], [2, 1]);
    });

    test("of one connection more is refused where many have come from its address, of one in another's place is not", async () => {
      await serve({ census: { maxConnectionsPerAddress: 4 } });
      const first = await join();
      const second = await claim(first, 1);
      await assert.rejects(claim(first, 2), /503 .*Retry-After: 60/s);
      await waitFor("the refused one to go", () => log.of("access.refused").length > 0, { pollMs: 2 });
      await lose(second);
      await claim(first, 0);
      await first.untilClosed();
      assert.deepEqual(
        log.of("access.refused").map(({ fields }) => fields.reason),
        ["crowded"],
      );
    });

    test("too often is refused for a while", async () => {
      await serve({ clock: new HandClock() });
      const first = await join();
      for (let i = 0; i < 32; i++) await claim(first, 0);
      await assert.rejects(claim(first, 0), /^Error: HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*too fast/);
    });
  });

  describe("that may not stay", () => {
    test("is closed with all its connections by the operator's kill, and not held", async () => {
      await serve();
      const first = await join();
      const second = await claim(first, 5);
      const control = await RawPeer.open(serving.address);
      control.send(encodeUwsgi(1, [["QUERY_STRING", "kill=1"]]));
      assert.match(await control.untilClosed(), /^HTTP\/1\.0 200 /);
      await left();
      assert.deepEqual([first.closes[0]?.[0], second.closes[0]?.[0]], [1008, 1008]);
      assert.deepEqual(idsOf(), [UPLINK]);
    });

    test("goes when the credentials of one of its connections are taken back", async () => {
      await serve();
      const first = await join({ headers: as("alice1") });
      const second = await claim(first, 1, { headers: as("alice2") });
      byName.revoked.add("alice1");
      serving.server.recheck();
      await left();
      assert.deepEqual([first.closes[0]?.[0], second.closes[0]?.[0]], [1008, 1008]);
      assert.ok(second.controls.some((one) => one.kind === "bye" && one.reason === "credentials-ended"));
    });

    test("goes when one of its connections came by somebody who may not use our socket any more", async () => {
      const directory = mkdtempSync(joinPath(tmpdir(), "vpn-ws-sessions-"));
      let uid: number | undefined = 33;
      try {
        await serve({ listen: `unix:${directory}/s`, peerUid: () => uid });
        const first = await join({ headers: as("alice") });
        uid = 34;
        const other = await join({ headers: as("bob"), mac: B });
        const second = await claim(first, 1, { headers: as("alice") });
        const reload = (mayConnect: MayConnect): void =>
          serving.server.reload(openAccess({ authenticators: [byName], mayConnect }), []);
        reload((one) => one === 33 || one === 34);
        assert.deepEqual(idsOf(), [UPLINK, "1", "2"]);
        reload((one) => one === 34);
        await left();
        assert.deepEqual([first.closes[0]?.[0], second.closes[0]?.[0], other.closes.length], [1008, 1008, 0]);
        assert.ok(second.controls.some((one) => one.kind === "bye" && one.reason === "not-a-socket-user"));
        assert.deepEqual(idsOf(), [UPLINK, "2"]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

    test("goes when the web server that vouched for it is not trusted any more, and no other does", async () => {
      await serve();
      const alone = await join({ headers: as("alice") });
      const reload = (access: OpenAccessOptions): void =>
        serving.server.reload(openAccess({ authenticators: [byName], trustsHeaders: true, ...access }), []);
      reload({});
      const vouchedFor = await join({ headers: as("bob"), mac: B });
      reload({});
      assert.deepEqual(idsOf(), [UPLINK, "1", "2"]);
      reload({ trustedProxies: [] });
      await left();
      assert.deepEqual([vouchedFor.closes[0]?.[0], alone.closes.length], [1008, 0]);
      assert.ok(vouchedFor.controls.some((one) => one.kind === "bye" && one.reason === "not-a-trusted-proxy"));
      assert.deepEqual(idsOf(), [UPLINK, "1"]);
    });

    test("stays when the connection with those credentials was replaced", async () => {
      await serve();
      const first = await join({ headers: as("alice1") });
      await claim(first, 0, { headers: as("alice2") });
      byName.revoked.add("alice1");
      serving.server.recheck();
      assert.deepEqual([idsOf(), log.of("access.ended").length], [[UPLINK, "1"], 0]);
    });

    test("goes while it waits for its client", async () => {
      await serve();
      const first = await join({ headers: as("alice") });
      await lose(first);
      serving.server.reload(
        openAccess({ authenticators: [byName], policyData: { users: [{ name: "alice", rules: { deny: true } }] } }),
        [],
      );
      assert.deepEqual([log.of("peer.left").length, idsOf()], [1, [UPLINK]]);
    });

    test("yields, while it waits, to a newer one of its user, even where the newest yields", async () => {
      const defaults = { sessions: 1, yields: "newest" } as const;
      await serve({ access: { policyData: { defaults } } });
      const first = await join({ headers: as("alice") });
      await assert.rejects(join({ headers: as("alice"), mac: B }), /409/);
      await lose(first);
      await join({ headers: as("alice"), mac: B });
      assert.deepEqual(idsOf(), [UPLINK, "2"]);
      assert.deepEqual(
        log.of("access.ended").map(({ fields }) => fields.reason),
        ["replaced"],
      );
    });

    test("yields, while it waits, to its own client that was started again", async () => {
      await serve();
      await lose(await join());
      await join();
      assert.deepEqual(idsOf(), [UPLINK, "2"]);
    });

    test("is not waited for if its client has come again before the loss of the old connection was seen", async () => {
      await serve();
      const first = await join();
      await join();
      await lose(first);
      assert.deepEqual(idsOf(), [UPLINK, "2"]);
    });

    test("yields, while it waits, to anybody in a full server", async () => {
      await serve({ maxPeers: 1 });
      const first = await join();
      await assert.rejects(join({ mac: B }), /503/);
      await lose(first);
      await join({ mac: B });
      assert.deepEqual(idsOf(), [UPLINK, "2"]);
      assert.deepEqual(
        log.of("access.ended").map(({ fields }) => fields.reason),
        ["no-room"],
      );
    });
  });

  test("is told when to come back by all its connections when the server stops, and a held one is not waited for", async () => {
    await serve();
    const first = await join();
    const second = await claim(first, 1);
    const third = await join({ mac: B });
    await lose(third);
    await serving.server.stop();
    for (const one of [first, second]) {
      await one.untilClosed();
      const bye = one.controls.find(({ kind }) => kind === "bye");
      assert.deepEqual(bye?.kind === "bye" && [bye.reason, bye.retryAfterMs], ["shutting-down", 501]);
    }
    assert.equal(log.of("peer.left").length, 2);
  });

  test("sends each flow by one of its connections, in order, and by another when that is lost", async () => {
    await serve({ bridge: true });
    const first = await join();
    const all = [first, await claim(first, 1), await claim(first, 2), await claim(first, 3)];
    const flows = Array.from({ length: 32 }, (_, flow) => `02:00:00:00:02:${(flow + 16).toString(16)}`);
    const send = (rounds: number, offset: number): void => {
      for (let round = 0; round < rounds; round++) {
        for (const source of flows) uplink.send(ethernetFrame("ff:ff:ff:ff:ff:ff", source, `round ${round + offset}`));
      }
    };
    const received = (): number => all.reduce((sum, { frames }) => sum + frames.length, 0);
    send(5, 0);
    await waitFor("all frames", () => received() === 5 * flows.length, { pollMs: 2 });
    const usedBy = all.map(({ frames }) => new Set(frames.map((frame) => frame.toString("hex", 6, 12))));
    assert.equal(
      usedBy.reduce((sum, { size }) => sum + size, 0),
      flows.length,
      "each flow has one connection",
    );
    assert.ok(usedBy.every(({ size }) => size > 0));
    for (const { frames } of all) assertInOrder(frames);
    await lose(all[2] as V2Peer);
    const before = received();
    send(3, 5);
    await waitFor("the frames of all flows", () => received() - before === 3 * flows.length, { pollMs: 2 });
    for (const { frames } of all) assertInOrder(frames);
  });
});

function assertInOrder(frames: readonly Buffer[]): void {
  const last = new Map<string, number>();
  for (const frame of frames) {
    const flow = frame.toString("hex", 6, 12);
    const round = Number(frame.toString("utf8", 14).replace("round ", ""));
    assert.ok(round > (last.get(flow) ?? -1), `flow ${flow}: round ${round} after ${last.get(flow)}`);
    last.set(flow, round);
  }
}
