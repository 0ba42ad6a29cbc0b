import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { FloodLog } from "../../../src/base/flood-log.ts";
import type { Admitted } from "../../../src/server/admission.ts";
import type { Peer } from "../../../src/server/peer.ts";
import { PeerLog } from "../../../src/server/peer-log.ts";
import type { PeerNotice } from "../../../src/server/peer-notice.ts";
import type { Closed } from "../../../src/transport/connection.ts";
import type { Incoming } from "../../../src/transport/incoming.ts";
import { HandClock } from "../../hand-clock.ts";
import { RecordingLog } from "../../recording-log.ts";

const MAC = "02:00:00:00:00:0a";
const CLOSED: Closed = { code: 1000, reason: "bye", by: "peer" };

interface Who {
  readonly user?: string;
  readonly address?: string;
  readonly guest?: boolean;
}

/** What the log looks at of a peer. */
function peer(id: number, { user = "alice", address = "192.0.2.1", guest = false }: Who = {}): Peer {
  const owner = user === "" ? `anonymous ${id}` : `user ${user}`;
  const session = { traffic: { receivedBytes: 1, sentBytes: 2 }, connections: [], heldFrames: 0 };
  const remote = { user, address, distinguishedName: "" };
  return { id, owner, remote, session, mac: MAC, isGuest: guest, grant: { network: "office" } } as unknown as Peer;
}

const admitted = {
  opening: { dialect: "v2", mac: MAC, bridge: false },
  identity: { method: "token", groups: [] },
  grant: { network: "office" },
} as unknown as Admitted;

describe("the log of peers", () => {
  let log: RecordingLog;
  let notices: PeerNotice[];
  let peerLog: PeerLog;
  beforeEach(() => {
    log = new RecordingLog();
    notices = [];
    const floodLog = new FloodLog(new HandClock(), log);
    peerLog = new PeerLog({ floodLog, onPeer: (notice) => notices.push(notice) });
  });

  const comesAndGoes = (one: Peer): void => {
    peerLog.joined(one, { via: "http" } as Incoming, admitted);
    peerLog.left(one, CLOSED);
  };

  test("others are told who came and who left", () => {
    comesAndGoes(peer(1));
    const notice = { peer: 1, user: "alice", network: "office", mac: MAC, address: "192.0.2.1" };
    assert.deepEqual(notices, [
      { event: "join", ...notice },
      { event: "leave", ...notice },
    ]);
  });

  test("who only looks is in the log, and others are not told of him", () => {
    comesAndGoes(peer(1, { guest: true }));
    assert.equal(log.of("peer.joined").length, 1);
    assert.deepEqual(notices, []);
  });

  test("what cannot be printed of a name goes to nobody", () => {
    comesAndGoes(peer(1, { user: "a\0b\nc" }));
    assert.doesNotMatch(notices[0]?.user ?? "\0", /\p{Cc}/u);
  });

  test("who comes and goes in a loop does not fill the log, and others are told each time", () => {
    for (let id = 1; id <= 2_000; id++) comesAndGoes(peer(id));
    comesAndGoes(peer(2_001, { user: "bob" }));
    assert.deepEqual([log.of("peer.joined").length, log.of("peer.left").length], [301, 301]);
    assert.equal(notices.length, 4_002);
  });

  test("those without a name are told apart by their addresses, whatever MACs they have", () => {
    for (let id = 1; id <= 2_000; id++) comesAndGoes(peer(id, { user: "" }));
    comesAndGoes(peer(2_001, { user: "", address: "192.0.2.2" }));
    assert.equal(log.of("peer.joined").length, 301);
  });
});
