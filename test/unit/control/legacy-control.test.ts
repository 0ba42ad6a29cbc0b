import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerLegacyControl } from "../../../src/control/legacy-control.ts";
import type { FdbRow, PeerRow } from "../../../src/control/model.ts";

const SINCE_MS = new Date(2026, 10, 2, 9, 5, 3, 999).getTime();

const SILENT: PeerRow = {
  id: "8",
  kind: "peer",
  network: "default",
  user: "",
  method: "anonymous",
  mac: null,
  bridge: false,
  guest: false,
  address: "",
  distinguishedName: "",
  dialect: "v1",
  agent: null,
  state: "open",
  sinceMs: SINCE_MS,
  connections: 1,
  roundTripMs: null,
  queuedBytes: 0,
  isolated: false,
  shut: false,
  traffic: { receivedFrames: 1, receivedBytes: 1, sentFrames: 1, sentBytes: 1, drops: 0 },
  wire: { receivedBytes: 0, sentBytes: 0 },
};

const PEERS: readonly PeerRow[] = [
  {
    ...SILENT,
    id: "7",
    mac: "02:ab:cd:00:00:01",
    address: "192.0.2.9",
    user: 'al"ice',
    distinguishedName: "CN=laptop",
    bridge: true,
    wire: { receivedBytes: 42, sentBytes: 5_000_000_000 },
  },
  SILENT,
];

const UPLINK: PeerRow = { ...SILENT, id: "uplink:default", kind: "uplink", mac: "02:ab:cd:00:00:02", connections: 0 };

const at = (peer: string, mac: string, pinned: boolean): FdbRow => ({
  network: "default",
  mac,
  peer,
  user: "",
  pinned,
  ageMs: 0,
});

const FDB: readonly FdbRow[] = [at("7", "02:ab:cd:00:00:01", true), at("7", "02:ab:cd:00:00:0e", false)];

/** Local time as C's ctime, and Unix seconds. */
const TIMES = `"ts":"Mon Nov  2 09:05:03 2026"`;
const UNIX = `"unix":${Math.floor(SINCE_MS / 1000)}`;

function ask(
  query: string,
  peers = PEERS,
): { readonly head: string; readonly body: string; readonly killed: readonly string[] } {
  const killed: string[] = [];
  const kill = (id: string): boolean => {
    killed.push(id);
    return id === "7";
  };
  const answer = Buffer.from(answerLegacyControl(query, { peers: () => peers, fdb: () => FDB }, kill)).toString();
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  return { head, body, killed };
}

describe("the original's control interface", () => {
  test("lists the peers with the original's fields, in its order", () => {
    const { body } = ask("");
    assert.equal(
      body,
      `{"status":"ok","peers":[` +
        `{"id":7,"MAC":"02:AB:CD:00:00:01","REMOTE_ADDR":"192.0.2.9","REMOTE_USER":"al\\"ice","DN":"CN=laptop",` +
        `${TIMES},"bridge":1,"macs":["02:AB:CD:00:00:0E"],${UNIX},"tx":5000000000,"rx":42},` +
        `{"id":8,"MAC":"00:00:00:00:00:00","REMOTE_ADDR":"","REMOTE_USER":"","DN":"",` +
        `${TIMES},"bridge":0,"macs":[],${UNIX},"tx":0,"rx":0}]}`,
    );
  });

  test("counts peers from 1: the server's own TAP is number 0", () => {
    const { peers } = JSON.parse(ask("", [UPLINK]).body);
    assert.deepEqual([peers[0].id, peers[0].MAC], [0, "02:AB:CD:00:00:02"]);
  });

  test("answers in HTTP/1.0, closes, and asks not to be cached", () => {
    const { head } = ask("");
    assert.match(head, /^HTTP\/1\.0 200 OK\r\n/);
    for (const line of [
      "Connection: close",
      "Content-Type: application/json",
      "Cache-Control: no-cache, no-store, must-revalidate",
    ]) {
      assert.ok(head.includes(`\r\n${line}`), line);
    }
  });

  test("?kill=ID closes that peer, and says so if there is none", () => {
    assert.deepEqual(ask("kill=7").killed, ["7"]);
    assert.equal(ask("kill=7").body, '{"status":"ok"}');
    assert.equal(ask("x=y&kill=7").body, '{"status":"ok"}');
    const { head, body, killed } = ask("kill=9");
    assert.match(head, /^HTTP\/1\.0 404 Not Found\r\n/);
    assert.deepEqual([body, killed], ['{"status":"not found"}', ["9"]]);
  });

  test("an id that is no number kills nobody, an empty one lists", () => {
    for (const query of ["kill=7x", "kill=-7", "kill=7.0", "kill=0x7", "kill=%20", `kill=${"7".repeat(30)}`]) {
      const { body, killed } = ask(query);
      assert.deepEqual([body, killed], ['{"status":"not found"}', []], query);
    }
    assert.match(ask("kill=").body, /"peers":\[/);
  });
});
