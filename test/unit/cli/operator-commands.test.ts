/** The operator's commands against the real API, over a server that is not there. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { makeClientApi } from "../../../src/api/client-api.ts";
import { VpnError } from "../../../src/base/errors.ts";
import { bansCommand } from "../../../src/cli/bans-command.ts";
import { dashboardCommand } from "../../../src/cli/dashboard-command.ts";
import { eventsCommand } from "../../../src/cli/events-command.ts";
import { fdbCommand } from "../../../src/cli/fdb-command.ts";
import { kickCommand } from "../../../src/cli/kick-command.ts";
import { limitCommand } from "../../../src/cli/limit-command.ts";
import { peersCommand } from "../../../src/cli/peers-command.ts";
import { statusCommand } from "../../../src/cli/status-command.ts";
import { aClientStatus } from "../../a-client-status.ts";
import type { FakeApi } from "../../fake-api.ts";
import { FakeControlModel } from "../../fake-control-model.ts";
import { OperatorDesk, runOperator } from "../../operator-desk.ts";
import { OperatorScreen } from "../../operator-screen.ts";

let desk: OperatorDesk;
let model: FakeControlModel;
let api: FakeApi;
beforeEach(async () => {
  desk = new OperatorDesk();
  model = new FakeControlModel(20);
  api = await desk.serve(model);
});
afterEach(() => desk.close());

const is =
  (code: string, hint = /(?:)/) =>
  (error: unknown): boolean =>
    error instanceof VpnError && error.code === code && hint.test(error.hint ?? "");

const peer = (id: string) => {
  const found = model.fakePeers.get(id);
  assert.ok(found !== undefined);
  return found;
};

/** What a terminal would obey. */
const CONTROL = /[\p{Cc}\p{Cf}]/u;

describe("vpn-ws peers", () => {
  test("shows all of each, where nobody says how wide it may be", async () => {
    model.advance(5_000);
    const { lines } = await runOperator(peersCommand);
    assert.match(
      lines[0] ?? "",
      /^ID +USER +NETWORK +ADDRESS +MAC +AGENT +STATE +SINCE +LINKS +RTT +QUEUE +UP +DOWN +DROPS$/,
    );
    assert.equal(lines.length, 1 + 2 + 20);
    const line = lines.find((one) => one.includes(peer("4").row.user));
    assert.match(line ?? "", / lab +203\.0\.113\.3 +02:00:00:00:00:03 .* open +5 s +1 +[\d.]+ ms +\d+.* k?B +/);
  });

  test("fits a terminal of 80 columns, in colour", async () => {
    peer("2").row.state = "held";
    const { lines } = await runOperator(peersCommand, [], new OperatorScreen(80));
    const bare = lines.map((line) => stripVTControlCharacters(line));
    assert.ok(bare.every((line) => line.length <= 80));
    for (const heading of ["USER", "STATE", "RTT", "QUEUE", "UP", "DOWN", "DROPS"])
      assert.ok(bare[0]?.includes(heading));
    assert.ok(lines.some((line) => line.includes("\u001b[33mheld")));
  });

  test("sorts and searches as the server does", async () => {
    const { lines } = await runOperator(peersCommand, ["--sort", "rtt", "--network", "lab", "--search", "203.0.113"]);
    const trips = lines.slice(1).map((line) => Number(/([\d.]+) ms/.exec(line)?.[1]));
    assert.equal(trips.length, 5);
    assert.deepEqual(
      trips,
      [...trips].sort((a, b) => b - a),
    );
    await assert.rejects(runOperator(peersCommand, ["--sort", "colour"]), /Allowed choices/);
  });

  test("lets no stranger's word move the terminal", async () => {
    peer("1").row.user = "\u001b[31m\u009bred\n\u202e";
    peer("1").row.agent = "\u0007bell";
    for (const words of [[], ["--json"]]) {
      const { lines } = await runOperator(peersCommand, words);
      for (const line of lines) assert.doesNotMatch(line, CONTROL);
    }
  });

  test("is JSON for programs", async () => {
    const { text } = await runOperator(peersCommand, ["--json", "--sort", "id"]);
    const answer = JSON.parse(text);
    assert.deepEqual([answer.total, answer.peers.length], [22, 22]);
    assert.deepEqual(answer.peers.at(-1).id, "20");
  });
});

describe("vpn-ws fdb", () => {
  test("shows which address is behind whom, all pages of it", async () => {
    const many = await desk.serve(new FakeControlModel(1_500), 2);
    const all = [...many.model.fdb()];
    assert.ok(all.length > 2_000);
    const { lines } = await runOperator(fdbCommand, ["--control", many.addresses[0] ?? ""]);
    assert.equal(lines.length, 1 + all.length);
    for (const { mac } of all.slice(-50)) assert.ok(lines.some((line) => line.includes(mac)));
  });

  test("forgets what is asked for", async () => {
    const { text } = await runOperator(fdbCommand, ["--flush", "--network", "lab"]);
    assert.equal(text, "3 addresses were forgotten\n");
    assert.deepEqual(model.performed[0]?.action, { kind: "flush-fdb", network: "lab" });
  });
});

describe("vpn-ws kick", () => {
  test("sends away by id, and by user if there is one session", async () => {
    assert.equal((await runOperator(kickCommand, ["7"])).text, "peer 7 was sent away\n");
    const { user } = peer("8").row;
    await runOperator(kickCommand, [user, "--reason", "ask at the desk"]);
    assert.deepEqual([...model.fakePeers.keys()].includes("8"), false);
    assert.deepEqual(model.performed.at(-1), {
      operator: { name: "local 0", role: "admin", address: "" },
      action: { kind: "kick", peer: "8", reason: "ask at the desk", banMs: 0 },
    });
  });

  test("says which sessions a user has, and sends all away when asked to", async () => {
    for (const id of ["1", "2", "5"]) peer(id).row.user = "ann";
    peer("3").row.user = "anna";
    await assert.rejects(
      runOperator(kickCommand, ["ann"]),
      is("PEER_AMBIGUOUS", /--all:\n {2}1 {2}from 203.*\n {2}2 .*\n {2}5 /),
    );
    assert.equal(model.performed.length, 0);
    assert.equal((await runOperator(kickCommand, ["ann", "--all", "--json"])).lines.length, 3);
    assert.deepEqual(
      ["1", "2", "3", "5"].filter((id) => model.fakePeers.has(id)),
      ["3"],
    );
  });

  test("keeps out for a while, which vpn-ws bans shows and ends", async () => {
    assert.equal((await runOperator(bansCommand)).text, "Nobody is banned.\n");
    const { user } = peer("2").row;
    await runOperator(kickCommand, ["2", "--ban", "1h"]);
    assert.match(
      (await runOperator(bansCommand)).lines[1] ?? "",
      new RegExp(`^1 +${user} .*local 0 +closed by the operator$`),
    );
    assert.equal((await runOperator(bansCommand, ["--end", "1"])).text, "ban 1 was lifted\n");
    await assert.rejects(runOperator(bansCommand, ["--end", "1"]), is("CONTROL_NOT_FOUND"));
  });

  test("refuses what there is not, and what may not be", async () => {
    await assert.rejects(runOperator(kickCommand, ["nobody"]), is("CONTROL_NOT_FOUND", /vpn-ws peers/));
    await assert.rejects(runOperator(kickCommand, ["1", "--ban", "31d"]), /at most 30d/);
    await assert.rejects(runOperator(kickCommand, ["1", "--reason", "x".repeat(101)]), /at most 100 bytes/);
  });
});

describe("vpn-ws limit", () => {
  const actions = () => model.performed.map(({ action }) => action);

  test("slows down and keeps apart what is named, and leaves what is not", async () => {
    const { text } = await runOperator(limitCommand, ["7", "--up", "500kbit"]);
    assert.match(text, /^peer 7 .*\n$/);
    await runOperator(limitCommand, ["7", "--down", "1.5Mbit/s", "--isolate", "yes"]);
    assert.deepEqual(actions(), [
      { kind: "rate", peer: "7", up: 500_000 },
      { kind: "rate", peer: "7", down: 1_500_000 },
      { kind: "isolate", peer: "7", isolated: true },
    ]);
    assert.deepEqual([peer("7").rateUp, peer("7").rateDown, peer("7").row.isolated], [500_000, 1_500_000, true]);
  });

  test("gives a peer back to the policy, or lets it out whatever that says", async () => {
    await runOperator(limitCommand, ["7", "--up", "policy", "--isolate", "policy"]);
    await runOperator(limitCommand, ["7", "--isolate", "no"]);
    assert.deepEqual(actions(), [
      { kind: "rate", peer: "7", up: null },
      { kind: "isolate", peer: "7", isolated: null },
      { kind: "isolate", peer: "7", isolated: false },
    ]);
  });

  test("is for all sessions of a user if that is said", async () => {
    for (const id of ["1", "2"]) peer(id).row.user = "ann";
    await assert.rejects(runOperator(limitCommand, ["ann", "--isolate", "yes"]), is("PEER_AMBIGUOUS", /--all/));
    const { lines } = await runOperator(limitCommand, ["ann", "--all", "--isolate", "yes", "--json"]);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).peer),
      ["1", "2"],
    );
  });

  test("refuses what is no rate, what nobody could live on, and to do nothing", async () => {
    for (const rate of ["fast", "7000bit", "1001Gbit", "5", ""]) {
      await assert.rejects(runOperator(limitCommand, ["7", "--up", rate]), /a rate such as 20Mbit/, rate);
    }
    await assert.rejects(runOperator(limitCommand, ["7", "--isolate", "maybe"]), /yes, no, policy/);
    await assert.rejects(runOperator(limitCommand, ["7"]), is("LIMIT_EMPTY", /--isolate/));
    await assert.rejects(runOperator(limitCommand, ["nobody", "--up", "1Mbit"]), is("CONTROL_NOT_FOUND"));
    assert.deepEqual(actions(), []);
  });
});

describe("vpn-ws events", () => {
  test("shows the last ones, a line for each", async () => {
    model.events.publish("warn", "guard.port-shut", "a loop\nbehind \u001b[31mpeer 3", { peer: 3 });
    const { lines } = await runOperator(eventsCommand, ["-n", "2"]);
    assert.match(lines[0] ?? "", /^\d\d:\d\d:\d\d info {2}peer\.joined peer 20 joined/);
    assert.match(lines[1] ?? "", /^\d\d:\d\d:\d\d warn {2}guard\.port-shut a loop behind {2}\[31mpeer 3$/);
    assert.equal(lines.length, 2);
    assert.equal((await runOperator(eventsCommand, ["--lines", "0"])).text, "");
  });

  test("is one JSON object in each line for programs", async () => {
    const { lines } = await runOperator(eventsCommand, ["--json", "-n", "3"]);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      [18, 19, 20],
    );
  });
});

describe("vpn-ws status", () => {
  test("shows servers and clients of this machine, and not who left only a socket", async () => {
    const client = makeClientApi({ status: aClientStatus, mayLook: () => true });
    await new Promise<void>((resolve) => client.listen(join(desk.directory, "client-vpn0.sock"), resolve));
    try {
      const { text } = await runOperator(statusCommand);
      assert.match(
        text,
        /^server unix:.*server-1\.sock\n(?: {2}.*\n)* {2}peers +20 of 4096; 20 joined and 12 were refused/m,
      );
      assert.match(
        text,
        /^client unix:.*client-vpn0\.sock\n(?: {2}.*\n)* {2}state +connected to wss:\/\/vpn\.example\/vpn \(v2\) since /m,
      );
      assert.match(text, / {2}connection {3}0 to 192\.0\.2\.1 for 30 min, round trip 18 ms, bbr$/m);
      assert.match(text, / {2}last error {3}.*nothing heard for 8\.0 s$/m);
      const { clients, servers } = JSON.parse((await runOperator(statusCommand, ["--json"])).text);
      assert.deepEqual([servers.length, servers[0].status.processId], [1, 4321]);
      assert.deepEqual(clients, [{ control: `unix:${desk.directory}/client-vpn0.sock`, status: aClientStatus() }]);
    } finally {
      client.close();
    }
  });

  test("says when nothing runs", async () => {
    desk.stop(api);
    await assert.rejects(runOperator(statusCommand), is("STATUS_NOTHING"));
  });
});

describe("vpn-ws dashboard", () => {
  test("prints an address with a ticket", async () => {
    const { text } = await runOperator(dashboardCommand, ["--at", "https://vpn.example.com/admin/"]);
    assert.match(text, /^https:\/\/vpn\.example\.com\/admin\/#ticket=[\w-]{20,}\n$/);
    const { url } = JSON.parse((await runOperator(dashboardCommand, ["--json", "--at", "http://*:8081"])).text);
    assert.match(url, /^http:\/\/127\.0\.0\.1:8081\/#ticket=/);
  });

  test("says what to do where there is none for a browser", async () => {
    const { text } = await runOperator(dashboardCommand);
    assert.ok(text.startsWith(`${api.addresses[1]}/#ticket=`));
    desk.stop(api);
    await desk.serve(model, 1, []);
    await assert.rejects(runOperator(dashboardCommand), is("DASHBOARD_NOWHERE", /--control http:\/\/127/));
  });
});

describe("the server", () => {
  const at = (login: string): string[] => ["--control", api.addresses[1] ?? "", "--login", desk.file("login", login)];

  test("is the only one, or must be named", async () => {
    await desk.serve(new FakeControlModel(1), 2);
    await assert.rejects(runOperator(peersCommand), is("CONTROL_AMBIGUOUS", /server-1\.sock\n.*server-2\.sock/));
    const { lines } = await runOperator(peersCommand, ["--control", `unix:${desk.directory}/server-2.sock`]);
    assert.equal(lines.length, 1 + 2 + 1);
  });

  test("is not who has died and left its socket", async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(desk.directory, "server-9.sock.away"), resolve));
    desk.stop(api);
    await assert.rejects(runOperator(peersCommand), is("CONTROL_NO_SERVER"));
    dead.close();
  });

  test("is asked over http with a login", async () => {
    assert.equal((await runOperator(peersCommand, at("viewer:viewer\n"))).lines.length, 23);
    await assert.rejects(runOperator(peersCommand, at("viewer:wrong")), is("CONTROL_LOGIN", /Is it right/));
    await assert.rejects(
      runOperator(peersCommand, ["--control", api.addresses[1] ?? ""]),
      is("CONTROL_LOGIN", /--login FILE/),
    );
    await assert.rejects(runOperator(peersCommand, at("nothing")), is("CREDENTIALS_INVALID"));
  });

  test("lets who may look not act", async () => {
    await assert.rejects(runOperator(kickCommand, ["1", ...at("viewer:viewer")]), is("CONTROL_FORBIDDEN"));
    assert.equal((await runOperator(kickCommand, ["1", ...at("admin:admin")])).text, "peer 1 was sent away\n");
  });

  test("is not named by what may hold a secret, or is no address", async () => {
    for (const control of ["http://ann:secret@127.0.0.1:1", "http://127.0.0.1:1/?token=secret", "ftp://x", "server"]) {
      await assert.rejects(runOperator(peersCommand, ["--control", control]), (error) => {
        assert.ok(is("CONTROL_URL_INVALID")(error));
        return !String(error).includes("secret");
      });
    }
  });

  test("that answers something else is told of", async () => {
    const other = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"));
    await new Promise<void>((resolve) => other.listen(join(desk.directory, "server-8.sock"), resolve));
    const control = ["--control", `unix:${desk.directory}/server-8.sock`];
    await assert.rejects(runOperator(peersCommand, control), is("CONTROL_ANSWER", /another version/));
    other.close();
    await assert.rejects(runOperator(peersCommand, control), is("CONTROL_UNREACHABLE"));
  });
});
