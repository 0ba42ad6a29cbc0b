/** Passwords that are guessed, and tokens that are replayed, too old or taken back; a bystander's traffic goes on. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../../lab/namespace.ts";
import { whyNoLab } from "../../../lab/programs.ts";
import { waitFor } from "../../../lab/wait.ts";
import { type Answer, basic, bearer, closed } from "./gate.ts";
import { Bystander } from "./gate-bystander.ts";
import { GateServer, makeDirectory, NETWORKS } from "./gate-server.ts";

const noLab = await whyNoLab("ping");
const PORT = 8080;
/** Guesses that an address has, and those that may be under way when it has none left. */
const BUDGET = 10;
const UNDER_WAY = 9;
/** How soon a peer is gone whose credentials were taken back. */
const CUT_MS = 1_000;

const shaLine = (user: string, password: string): string =>
  `${user}:{SHA}${createHash("sha1").update(password).digest("base64")}`;

describe("a server that takes passwords and tokens", { skip: noLab }, () => {
  let lab: Lab;
  let server: GateServer;
  let bystander: Bystander;
  let addresses = 0;

  before(async () => {
    lab = await Lab.open();
    const namespaces = [await lab.namespace("server"), await lab.namespace("bystander")] as const;
    const link = await lab.link(namespaces[1], namespaces[0]);
    const directory = makeDirectory(lab);
    writeFileSync(join(directory, "htpasswd"), `${shaLine("alice", "right")}\n${shaLine("bob", "right")}\n`);
    server = await GateServer.start(lab, namespaces[0], directory, {
      listen: [`http://0.0.0.0:${PORT}`],
      authentication: [{ kind: "tokens" }, { kind: "htpasswd", file: "htpasswd" }],
      networks: NETWORKS,
    });
    bystander = await Bystander.start(server, namespaces[1], `ws://${link.ipv4[1]}:${PORT}/`);
  });
  after(() => lab?.close());

  /** Asks from an address that nobody has asked from before, so that no test pays for another one's guesses. */
  function ask(headers: Readonly<Record<string, string>>, from = `127.1.0.${++addresses}`): Promise<Answer> {
    return server.gate.ask({ host: "127.0.0.1", port: PORT, localAddress: from }, headers);
  }

  async function assertRefused(answer: Answer, reason: string, user: string): Promise<void> {
    assert.equal(answer.status, 401);
    assert.match(answer.head, /^www-authenticate: Bearer\r$/im);
    await server.assertRefused({ status: 401, reason, user });
  }

  test("nobody comes in with nothing, and is told what to show", async () => {
    await assertRefused(await ask({}), "no-credentials", "");
    await bystander.goesOn();
  });

  test("who guesses passwords is slowed and then refused unheard, and the user is not locked out", async () => {
    const guesser = "127.2.0.1";
    const guess = (): Promise<Answer> => ask(basic("alice", "guess"), guesser);
    const answers = await Promise.all(Array.from({ length: 30 }, guess));
    for (let guesses = 0; guesses < BUDGET && answers.at(-1)?.status !== 429; guesses++) answers.push(await guess());
    assert.ok(answers.every(({ status }) => [401, 429, 503].includes(status)));
    const reasons = server.vpn.events("access.refused").filter(({ address }) => address === guesser);
    // One address has a few places only in the queue of passwords to be checked; the rest is refused without a check.
    const known = ["guessing", "htpasswd:wrong-password", "htpasswd:unavailable"];
    assert.deepEqual(
      reasons.filter(({ reason }) => !known.includes(String(reason))),
      [],
    );
    const heard = reasons.filter(({ reason }) => reason === "htpasswd:wrong-password").length;
    assert.ok(heard <= BUDGET + UNDER_WAY, `${heard} guesses were heard`);
    const blocked = await ask(basic("alice", "right"), guesser);
    assert.equal(blocked.status, 429);
    assert.match(blocked.head, /^retry-after: \d+\r?$/im);
    server.skipRefusals();
    const alice = await ask(basic("alice", "right"));
    assert.equal(alice.status, 101);
    const { address } = await server.joined("alice", "htpasswd");
    assert.notEqual(address, guesser);
    assert.equal((await ask(basic("bob", "right"))).status, 101, "other users do not even wait");
    await bystander.goesOn();
  });

  test("guesses in a row come to an end after ten", async () => {
    const guesser = "127.2.0.2";
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) statuses.push((await ask(basic(`user${guess}`, "guess"), guesser)).status);
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429]);
    const events = server.vpn.events("access.refused").filter((event) => event.address === guesser);
    assert.deepEqual([events.at(0)?.reason, events.at(-1)?.reason], ["htpasswd:unknown-user", "guessing"]);
    server.skipRefusals();
    await bystander.goesOn();
  });

  test("a token that was made up is refused, and one with a letter changed", async () => {
    await assertRefused(await ask(bearer(`vpnws_${"A".repeat(43)}`)), "token:unknown-token", "");
    const token = await server.token("carol");
    const swapped = token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    await assertRefused(await ask(bearer(swapped)), "token:unknown-token", "");
    await assertRefused(await ask(basic("mallory", token)), "token:unknown-user", "mallory");
    assert.equal((await ask(basic("carol", token))).status, 101);
    await server.joined("carol", "token");
  });

  test("a token for one use lets in one of many who come with it at once, and nobody later", async () => {
    const token = await server.token("once", "--uses", "1");
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(bearer(token))));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [101, 401, 401, 401, 401, 401, 401, 401]);
    for (let refused = 0; refused < 7; refused++) {
      await server.assertRefused({ status: 401, reason: "token:used-up", user: "once" });
    }
    await assertRefused(await ask(bearer(token)), "token:used-up", "once");
    await server.joined("once", "token");
    await bystander.goesOn();
  });

  test("an expired token is refused, and ends the peer that came with it", async () => {
    const token = await server.token("brief", "--expires", "2s");
    const answer = await ask(bearer(token));
    assert.equal(answer.status, 101);
    await server.ended(await server.joined("brief", "token"), "expired");
    await closed(answer);
    await assertRefused(await ask(bearer(token)), "token:expired", "brief");
    await bystander.goesOn();
  });

  test("a revoked token is refused, and its peers are cut within a second of the command's end", async () => {
    const token = await server.token("dave");
    const answers = await Promise.all([ask(bearer(token)), ask(bearer(token))]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [101, 101],
    );
    const peers = await waitFor("both to join", () => {
      const joined = server.vpn.events("peer.joined").filter(({ user }) => user === "dave");
      return joined.length === 2 ? joined : undefined;
    });
    await server.operate("token", "revoke", "--user", "dave");
    const revokedMs = Date.now();
    for (const peer of peers) {
      const lateMs = (await server.ended(peer, "credentials-ended")) - revokedMs;
      assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
    }
    await Promise.all(answers.map(closed));
    await assertRefused(await ask(bearer(token)), "token:revoked", "dave");
    await bystander.goesOn();
  });

  test("a user who is taken out of the htpasswd file is cut within a second", async () => {
    const answer = await ask(basic("bob", "right"));
    assert.equal(answer.status, 101);
    const peer = await server.joined("bob", "htpasswd");
    writeFileSync(join(server.directory, "htpasswd"), `${shaLine("alice", "right")}\n`);
    const removedMs = Date.now();
    const lateMs = (await server.ended(peer, "credentials-ended")) - removedMs;
    assert.ok(lateMs < CUT_MS, `cut after ${lateMs} ms`);
    await closed(answer);
    await assertRefused(await ask(basic("bob", "right")), "htpasswd:unknown-user", "bob");
  });

  test("malformed credentials are refused", async () => {
    await assertRefused(await ask({ Authorization: "Basic !!!" }), "htpasswd:malformed", "");
    await assertRefused(await ask({ Authorization: "Negotiate abc" }), "no-credentials", "");
    await assertRefused(await ask({ Authorization: "Bearer" }), "no-credentials", "");
  });

  test("the bystander lost no frame in all this", () => bystander.leave());
});
