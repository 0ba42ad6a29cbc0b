import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { waitFor } from "../../../lab/wait.ts";
import type { Capture, CaptureRequest } from "../../../src/capture/capture.ts";
import { MAX_CAPTURES } from "../../../src/server/control-capture.ts";
import { ethernetFrame, Host } from "../../host.ts";
import { type Loopback, startLoopbackServer } from "../../loopback-server.ts";
import { PasswordTable } from "../../password-table.ts";
import { type PcapngFile, readPcapng } from "../../pcapng-reader.ts";
import { RecordingLog } from "../../recording-log.ts";
import { V2Peer } from "../../v2-peer.ts";

const UPLINK = "02:00:00:00:00:ff";
const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const STRANGER = "02:00:00:00:00:99";
const OPERATOR = { name: "root", role: "admin", address: "192.0.2.1" } as const;

describe("captures of a server", () => {
  let log: RecordingLog;
  let loopback: Loopback;
  let peers: V2Peer[];
  let captures: Capture[];

  beforeEach(async () => {
    log = new RecordingLog();
    peers = [];
    captures = [];
    const access = { authenticators: [new PasswordTable({ ada: "ada", bob: "bob" })] };
    const { device } = new Host("lab0", UPLINK);
    loopback = await startLoopbackServer(log, { access, device, networks: ["default", "other"] });
  });
  afterEach(async () => {
    for (const capture of captures) capture.close();
    for (const peer of peers) peer.vanish();
    await loopback.server.stop();
  });

  async function join(user: string, mac: string): Promise<V2Peer> {
    const headers = `Authorization: Basic ${Buffer.from(`${user}:${user}`).toString("base64")}\r\n`;
    const peer = await V2Peer.join(loopback.address, { mac, headers });
    await peer.welcome();
    peers.push(peer);
    return peer;
  }

  function capture(request: Partial<CaptureRequest> = {}): Capture {
    const all = { network: undefined, peer: undefined, filter: "", snapBytes: 65_536 };
    const outcome = loopback.server.control.capture(OPERATOR, { ...all, ...request });
    assert.ok(outcome.state === "open", JSON.stringify(outcome));
    captures.push(outcome.capture);
    return outcome.capture;
  }

  const refusal = (request: Partial<CaptureRequest>): string => {
    const all = { network: undefined, peer: undefined, filter: "", snapBytes: 65_536 };
    const outcome = loopback.server.control.capture(OPERATOR, { ...all, ...request });
    return outcome.state === "refused" ? `${outcome.why}: ${outcome.message}` : "open";
  };

  /** Reads until there are so many packets. */
  async function packetsOf(capture: Capture, count: number): Promise<PcapngFile> {
    const pieces: Buffer[] = [];
    const read = (): PcapngFile => {
      for (let piece = capture.take(65_536); piece !== undefined; piece = capture.take(65_536))
        pieces.push(Buffer.from(piece));
      return readPcapng(Buffer.concat(pieces));
    };
    await waitFor(`${count} packets`, () => read().packets.length >= count, { pollMs: 2 });
    return read();
  }

  const seen = ({ packets }: PcapngFile): string[] =>
    packets.map(({ interface: { name }, direction, comment }) => [name, direction, comment].join(" ").trim());

  test("show both ends of a frame's way, and why it ended", async () => {
    const ada = await join("ada", A);
    await join("bob", B);
    const all = capture();
    ada.send(ethernetFrame(B, A, "hello"), ethernetFrame(B, STRANGER, "from somebody else"));
    const file = await packetsOf(all, 3);
    assert.deepEqual(seen(file), ["peer 2 bob out", "peer 1 ada in", "peer 1 ada in dropped: source-not-pinned"]);
    assert.deepEqual(
      file.interfaces.map(({ name, description }) => `${name}, ${description}`),
      ["uplink lab0, network default", "peer 1 ada, network default", "peer 2 bob, network default"],
    );
    assert.equal(file.comment, "all peers, every frame");
  });

  test("of a user are about all of his sessions, those to come too", async () => {
    const bob = await join("bob", B);
    await join("ada", A);
    const ofAda = capture({ peer: "ada", network: "default", filter: "ingress" });
    peers[1]?.close(1000);
    await waitFor("ada to leave", () => log.of("peer.left").length === 1, { pollMs: 2 });
    const again = await join("ada", A);
    bob.send(ethernetFrame(UPLINK, B, "of bob"));
    again.send(ethernetFrame(UPLINK, A, "of ada"));
    assert.deepEqual(seen(await packetsOf(ofAda, 1)), ["peer 3 ada in"]);
    assert.equal(ofAda.isOver, false);
  });

  test("of one peer end when it leaves, and what was seen may still be taken", async () => {
    const ada = await join("ada", A);
    const ofPeer = capture({ peer: "1" });
    ada.send(ethernetFrame(UPLINK, A, "of ada"));
    await waitFor("the frame", () => loopback.server.control.peer("1")?.traffic.receivedFrames === 1, { pollMs: 2 });
    ada.close(1000);
    await waitFor("ada to leave", () => log.of("peer.left").length === 1, { pollMs: 2 });
    assert.deepEqual(seen(await packetsOf(ofPeer, 1)), ["peer 1 ada in"]);
    assert.equal(ofPeer.isOver, true);
  });

  test("may be of an uplink, and end when the server stops", async () => {
    const ada = await join("ada", A);
    const ofUplink = capture({ peer: "uplink:default" });
    ada.send(ethernetFrame(UPLINK, A, "of ada"));
    assert.deepEqual(seen(await packetsOf(ofUplink, 1)), ["uplink lab0 out"]);
    await loopback.server.stop();
    while (ofUplink.take(65_536) !== undefined);
    assert.equal(ofUplink.isOver, true);
  });

  test("are refused if they make no sense, and if there are too many", async () => {
    await join("ada", A);
    assert.match(refusal({ filter: "arp or" }), /^invalid: The filter is wrong at character 7/);
    assert.equal(refusal({ network: "lam" }), "not-found: There is no network lam.");
    assert.equal(refusal({ peer: "eve" }), "not-found: There is no peer eve, and nobody of that name.");
    assert.equal(
      refusal({ peer: "ada", network: "other" }),
      "not-found: There is no peer ada in network other, and nobody of that name.",
    );
    for (let i = 0; i < MAX_CAPTURES; i++) capture();
    assert.match(refusal({}), /^busy: There are 4 captures already/);
    captures[0]?.close();
    capture();
  });

  test("are one line in the log, whatever stands between a filter's words", () => {
    capture({ filter: "arp\n\u2028\tor\r\nport 53" });
    for (const { message } of log.of("control.capture")) assert.doesNotMatch(message, /[\p{Cc}\p{Zl}]/u);
  });

  test("are in the log: who, what, and how much of it", async () => {
    const ada = await join("ada", A);
    const ofAda = capture({ peer: "ada", filter: "not arp" });
    ada.send(ethernetFrame(UPLINK, A, "of ada"));
    await packetsOf(ofAda, 1);
    ofAda.close();
    ofAda.close();
    const lines = log.of("control.capture");
    const request = { operator: "root", address: "192.0.2.1", network: null, peer: "ada", filter: "not arp" };
    assert.deepEqual(
      lines.map(({ level, fields }) => ({ level, ...fields })),
      [
        { level: "info", state: "started", ...request },
        { level: "info", state: "ended", ...request, frames: 1, lostFrames: 0 },
      ],
    );
    assert.equal(lines[1]?.message, "root captured 1 frames of peer ada, filter `not arp`; 0 were lost");
  });
});
