import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerLegacyControl } from "../../../src/control/legacy-control.ts";
import type { PeerSnapshot } from "../../../src/control/peer-snapshot.ts";
import type { Mac } from "../../../src/wire/mac.ts";

const SINCE_MS = new Date(2026, 10, 2, 9, 5, 3, 999).getTime();

const PEERS: readonly PeerSnapshot[] = [
  {
    id: 7,
    mac: "02:ab:cd:00:00:01" as Mac,
    remoteAddress: "192.0.2.9",
    user: 'al"ice',
    distinguishedName: "CN=laptop",
    sinceMs: SINCE_MS,
    bridge: true,
    learnedMacs: ["02:ab:cd:00:00:0e" as Mac],
    sentBytes: 5_000_000_000,
    receivedBytes: 42,
    connections: 1,
  },
  {
    id: 8,
    mac: undefined,
    remoteAddress: "",
    user: "",
    distinguishedName: "",
    sinceMs: SINCE_MS,
    bridge: false,
    learnedMacs: [],
    sentBytes: 0,
    receivedBytes: 0,
    connections: 1,
  },
];

/** Local time as C's ctime, and Unix seconds. */
const TIMES = `"ts":"Mon Nov  2 09:05:03 2026"`;
const UNIX = `"unix":${Math.floor(SINCE_MS / 1000)}`;

function ask(query: string): { readonly head: string; readonly body: string; readonly killed: readonly number[] } {
  const killed: number[] = [];
  const kill = (id: number): boolean => {
    killed.push(id);
    return id === 7;
  };
  const answer = Buffer.from(answerLegacyControl(query, { peers: () => PEERS, kill })).toString();
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
    assert.deepEqual(ask("kill=7").killed, [7]);
    assert.equal(ask("kill=7").body, '{"status":"ok"}');
    assert.equal(ask("x=y&kill=7").body, '{"status":"ok"}');
    const { head, body, killed } = ask("kill=9");
    assert.match(head, /^HTTP\/1\.0 404 Not Found\r\n/);
    assert.deepEqual([body, killed], ['{"status":"not found"}', [9]]);
  });

  test("an id that is no number kills nobody, an empty one lists", () => {
    for (const query of ["kill=7x", "kill=-7", "kill=7.0", "kill=0x7", "kill=%20", `kill=${"7".repeat(30)}`]) {
      const { body, killed } = ask(query);
      assert.deepEqual([body, killed], ['{"status":"not found"}', []], query);
    }
    assert.match(ask("kill=").body, /"peers":\[/);
  });
});
